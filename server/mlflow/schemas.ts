// The answers of a tracking server. Tolerant on purpose: unset fields and empty lists are left out on the wire, unknown
// ones are ignored, and a whole answer may be `{}`.
import { z } from 'zod'

/** Numbers arrive as JSON numbers; some proxies and older servers send int64 as strings. */
const int64 = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
])
const text = z.string().catch('').default('')
const strings = z.record(z.string(), z.unknown()).transform((map) => {
  const out: Record<string, string> = {}
  for (const [key, value] of Object.entries(map)) out[key] = typeof value === 'string' ? value : JSON.stringify(value)
  return out
})
const stringMap = strings.nullish().transform((map) => map ?? {})
const pairs = z
  .array(z.object({ key: z.string(), value: text }))
  .nullish()
  .transform((list) => Object.fromEntries((list ?? []).map(({ key, value }) => [key, value])))
const pageToken = z
  .string()
  .nullish()
  .transform((token) => (token === '' ? undefined : (token ?? undefined)))
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])

export const emptyAnswer = z.unknown()

export const serverInfoAnswer = z.object({
  store_type: z.string().optional(),
  workspaces_enabled: z.boolean().catch(false).default(false),
})

// ---- prompts -----------------------------------------------------------------------------------------------------

const promptVersion = z
  .object({ name: z.string(), version: z.coerce.string(), tags: pairs })
  .transform(({ name, version, tags }) => ({
    name,
    version,
    isPrompt: tags['mlflow.prompt.is_prompt']?.toLowerCase() === 'true',
    /** The template's own words; those of a chat, which has several, are JSON. */
    isText: (tags['_mlflow_prompt_type'] ?? 'text') === 'text',
    template: tags['mlflow.prompt.text'] ?? '',
  }))
export type PromptVersion = z.infer<typeof promptVersion>
export const promptVersionAnswer = z.object({ model_version: promptVersion })

export const registeredPromptAnswer = z.object({
  registered_model: z
    .object({
      tags: pairs,
      latest_versions: list(promptVersion),
      aliases: list(z.object({ alias: z.string(), version: z.coerce.string() })),
    })
    .transform(({ tags, latest_versions: [newest], aliases }) => ({
      isPrompt: tags['mlflow.prompt.is_prompt']?.toLowerCase() === 'true',
      newest,
      aliases: Object.fromEntries(aliases.map(({ alias, version }) => [alias, version])),
    })),
})

// ---- experiments and runs ---------------------------------------------------------------------------------------

const experiment = z
  .object({
    experiment_id: z.coerce.string(),
    name: text,
    artifact_location: text,
    lifecycle_stage: z.string().default('active'),
    creation_time: int64.optional(),
    last_update_time: int64.optional(),
    tags: pairs,
  })
  .transform((wire) => ({
    experimentId: wire.experiment_id,
    name: wire.name,
    artifactLocation: wire.artifact_location,
    isDeleted: wire.lifecycle_stage === 'deleted',
    ...(wire.creation_time === undefined ? {} : { createdMs: wire.creation_time }),
    ...(wire.last_update_time === undefined ? {} : { updatedMs: wire.last_update_time }),
    tags: wire.tags,
  }))
export type Experiment = z.output<typeof experiment>

export const experimentAnswer = z.object({ experiment })
export const experimentsAnswer = z.object({ experiments: list(experiment), next_page_token: pageToken })
export const experimentCreatedAnswer = z.object({ experiment_id: z.coerce.string() })

const runInfo = z
  .object({
    run_id: z.string().optional(),
    run_uuid: z.string().optional(),
    run_name: text,
    experiment_id: z.coerce.string(),
    status: z.string().default('RUNNING'),
    start_time: int64.optional(),
    end_time: int64.optional(),
    artifact_uri: text,
    lifecycle_stage: z.string().default('active'),
  })
  .transform((wire) => ({
    runId: wire.run_id ?? wire.run_uuid ?? '',
    experimentId: wire.experiment_id,
    name: wire.run_name,
    status: wire.status,
    artifactUri: wire.artifact_uri,
    isDeleted: wire.lifecycle_stage === 'deleted',
    // An omitted start time is stored as 0, that is 1970: as good as unknown.
    ...(wire.start_time === undefined || wire.start_time === 0 ? {} : { startTimeMs: wire.start_time }),
    ...(wire.end_time === undefined || wire.end_time === 0 ? {} : { endTimeMs: wire.end_time }),
  }))

const metric = z.object({ key: z.string(), value: z.union([z.number(), z.string().transform(toNumber)]).default(0) })

/** protobuf's JSON spells the numbers JSON lacks as strings. */
function toNumber(word: string): number {
  return word === 'Infinity' ? Infinity : word === '-Infinity' ? -Infinity : Number(word)
}

const run = z
  .object({
    info: runInfo,
    data: z
      .object({
        metrics: list(metric).transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value]))),
        params: pairs,
        tags: pairs,
      })
      .nullish(),
  })
  .transform(({ info, data }) => ({
    ...info,
    metrics: data?.metrics ?? {},
    params: data?.params ?? {},
    tags: data?.tags ?? {},
  }))
export type Run = z.output<typeof run>

export const runAnswer = z.object({ run })
export const runsAnswer = z.object({ runs: list(run), next_page_token: pageToken })

// ---- traces -----------------------------------------------------------------------------------------------------

const assessment = z.object({
  assessment_id: text,
  assessment_name: text,
  source: z.object({ source_type: z.string().optional(), source_id: text }).nullish(),
  feedback: z.object({ value: z.unknown().optional() }).nullish(),
  expectation: z
    .object({ value: z.unknown().optional(), serialized_value: z.object({ value: z.string() }).nullish() })
    .nullish(),
  issue: z.object({ issue_name: text }).nullish(),
  rationale: z.string().nullish(),
  metadata: stringMap,
  span_id: z.string().nullish(),
  valid: z.boolean().nullish(),
  create_time: z.string().nullish(),
})
export type WireAssessment = z.output<typeof assessment>

export const assessmentAnswer = z.object({ assessment })

const traceInfo = z.object({
  trace_id: z.string(),
  trace_location: z.object({ mlflow_experiment: z.object({ experiment_id: z.coerce.string() }).nullish() }).nullish(),
  request_preview: z.string().nullish(),
  response_preview: z.string().nullish(),
  request_time: z.string().nullish(),
  execution_duration: z.string().nullish(),
  state: z.string().nullish(),
  trace_metadata: stringMap,
  tags: stringMap,
  assessments: list(assessment),
})
export type WireTraceInfo = z.output<typeof traceInfo>

export const tracesAnswer = z.object({ traces: list(traceInfo), next_page_token: pageToken })
export const traceInfosAnswer = z.object({ trace_infos: list(traceInfo) })
export const traceAnswer = z.object({ trace: z.object({ trace_info: traceInfo }) })

/** Spans are decoded by hand (decode-spans.ts): four shapes, and a zod walk over megabytes would be felt. */
export const traceWithSpansAnswer = z.object({ trace: z.object({ spans: list(z.unknown()) }) })
export const traceDataAnswer = z.object({ spans: list(z.unknown()) })

// ---- artifacts --------------------------------------------------------------------------------------------------

export const artifactsAnswer = z.object({
  root_uri: text,
  files: list(z.object({ path: z.string(), is_dir: z.boolean().default(false), file_size: int64.optional() })),
  next_page_token: pageToken,
})
