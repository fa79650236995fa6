CREATE TABLE "workers" (
	"id" text PRIMARY KEY NOT NULL,
	"mode" text NOT NULL,
	"host" text NOT NULL,
	"wants" integer NOT NULL,
	"places" integer NOT NULL,
	"report" jsonb NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"seen_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
