ALTER TABLE "insights" ADD COLUMN "estimate" jsonb;--> statement-breakpoint
ALTER TABLE "insights" ADD COLUMN "stage_usage" jsonb;