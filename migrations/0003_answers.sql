CREATE TABLE "answers" (
	"key" text PRIMARY KEY NOT NULL,
	"value" json NOT NULL,
	"usage" jsonb NOT NULL,
	"used_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "answers_by_use" ON "answers" USING btree ("used_at");