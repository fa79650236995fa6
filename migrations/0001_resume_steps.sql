CREATE TABLE "insight_steps" (
	"insight_id" text NOT NULL,
	"step" text NOT NULL,
	"input_hash" text,
	"result" json,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cached_tokens" bigint NOT NULL,
	"cost_usd" double precision NOT NULL,
	"calls" integer NOT NULL,
	CONSTRAINT "insight_steps_insight_id_step_pk" PRIMARY KEY("insight_id","step")
);
--> statement-breakpoint
ALTER TABLE "insight_vectors" ADD COLUMN "model" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "insights" ADD COLUMN "turn" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "insight_steps" ADD CONSTRAINT "insight_steps_insight_id_insights_id_fk" FOREIGN KEY ("insight_id") REFERENCES "public"."insights"("id") ON DELETE cascade ON UPDATE no action;