CREATE TABLE "idempotency_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"body_hash" text NOT NULL,
	"insight_id" text,
	"claimed_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "insight_events" (
	"insight_id" text NOT NULL,
	"seq" integer NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "insight_events_insight_id_seq_pk" PRIMARY KEY("insight_id","seq")
);
--> statement-breakpoint
CREATE TABLE "insight_summaries" (
	"insight_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"title" text NOT NULL,
	"text" text NOT NULL,
	"grouping_text" text NOT NULL,
	"language" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"read_share" double precision NOT NULL,
	"model" text NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cached_tokens" bigint NOT NULL,
	"calls" integer NOT NULL,
	"cost_usd" double precision NOT NULL,
	"request_preview" text NOT NULL,
	"session" text,
	"user_name" text,
	"trace_cost_usd" double precision,
	"feedback_positive" integer NOT NULL,
	"feedback_negative" integer NOT NULL,
	CONSTRAINT "insight_summaries_insight_id_ordinal_pk" PRIMARY KEY("insight_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "insight_traces" (
	"insight_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"trace_id" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"outcome" text,
	"state" text,
	"request_time_ms" double precision,
	"execution_ms" double precision,
	"total_tokens" double precision,
	"failure" jsonb,
	"tree_version" integer,
	"cluster_path" text,
	"reason" text,
	"distance" real,
	"x" real,
	"y" real,
	"assessment_published" boolean DEFAULT false NOT NULL,
	"cluster_published" boolean DEFAULT false NOT NULL,
	CONSTRAINT "insight_traces_insight_id_ordinal_pk" PRIMARY KEY("insight_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "insight_vectors" (
	"insight_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"vector" "bytea" NOT NULL,
	CONSTRAINT "insight_vectors_insight_id_ordinal_pk" PRIMARY KEY("insight_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "insights" (
	"id" text PRIMARY KEY NOT NULL,
	"experiment_id" text NOT NULL,
	"experiment_name" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"instruction" text NOT NULL,
	"spec" jsonb NOT NULL,
	"choices" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"parent_id" text,
	"status" text DEFAULT 'SCHEDULED' NOT NULL,
	"stage" text DEFAULT 'load' NOT NULL,
	"progress" jsonb,
	"counts" jsonb DEFAULT '{"selected":0,"summarized":0,"skipped":0,"failed":0,"clustered":0,"unassigned":0}'::jsonb NOT NULL,
	"usage" jsonb DEFAULT '{"inputTokens":0,"outputTokens":0,"cachedTokens":0,"costUsd":0,"calls":0}'::jsonb NOT NULL,
	"models" jsonb,
	"prompts" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"overview" text DEFAULT '' NOT NULL,
	"key_points" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"quality" jsonb,
	"stage_seconds" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"clusters" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"cluster_titles" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"cluster_count" integer DEFAULT 0 NOT NULL,
	"leaf_count" integer DEFAULT 0 NOT NULL,
	"depth" smallint DEFAULT 0 NOT NULL,
	"tree_version" integer DEFAULT 0 NOT NULL,
	"whole" jsonb,
	"error" jsonb,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "insight_events" ADD CONSTRAINT "insight_events_insight_id_insights_id_fk" FOREIGN KEY ("insight_id") REFERENCES "public"."insights"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "insight_summaries" ADD CONSTRAINT "insight_summaries_insight_id_insights_id_fk" FOREIGN KEY ("insight_id") REFERENCES "public"."insights"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "insight_traces" ADD CONSTRAINT "insight_traces_insight_id_insights_id_fk" FOREIGN KEY ("insight_id") REFERENCES "public"."insights"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "insight_vectors" ADD CONSTRAINT "insight_vectors_insight_id_insights_id_fk" FOREIGN KEY ("insight_id") REFERENCES "public"."insights"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_expiry" ON "idempotency_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "insight_traces_by_trace" ON "insight_traces" USING btree ("trace_id","insight_id");--> statement-breakpoint
CREATE INDEX "insight_traces_by_cluster" ON "insight_traces" USING btree ("insight_id","cluster_path" collate "C","distance");--> statement-breakpoint
CREATE INDEX "insights_by_time" ON "insights" USING btree ("created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "insights_by_experiment" ON "insights" USING btree ("experiment_id","created_at" DESC NULLS LAST);