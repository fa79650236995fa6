ALTER TABLE "insight_summaries" ADD COLUMN "dropped_quotes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "insight_summaries" ADD COLUMN "facets" jsonb;