ALTER TABLE "insights" ADD COLUMN "waiting" jsonb;--> statement-breakpoint
ALTER TABLE "insights" ADD COLUMN "selection" jsonb;--> statement-breakpoint
ALTER TABLE "insights" ADD COLUMN "provisional_of" integer;