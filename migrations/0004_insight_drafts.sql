CREATE TABLE "insight_drafts" (
	"request_id" text PRIMARY KEY NOT NULL,
	"experiment_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
