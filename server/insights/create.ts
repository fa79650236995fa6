// From a request to a scheduled job: everything that can be wrong is found before anything is written.
import { AppError } from '#/pipeline/errors.ts'
import { sha256 } from '#/pipeline/ids.ts'
import type { InsightSpec, Scope } from '#/pipeline/insight.ts'
import { shorten, startTags } from '#/pipeline/names.ts'
import { toParams } from '#/pipeline/publish.ts'
import type { Caller } from '#/server/api/caller.ts'
import type { CreateInsightBody } from '#/server/api/schemas.ts'
import { insertInsight } from '#/server/db/insights.ts'
import type { InsightChoices } from '#/server/db/records.ts'
import type { Jobs } from '#/server/jobs/jobs.ts'
import type { ChooseAnalyst } from './analysts.ts'

/** The seed of an Insight that names none: fixed, so that the same question twice gives the same answer. */
const defaultSeed = 1
/** Named traces beyond this number are checked by the job instead, which lists the missing ones as failures. */
const maxCheckedTraces = 5_000

/** Less than an abandoned idempotency key is kept, so that a slow request and its repetition never both create. */
const writePatienceMs = 45_000

export type CreateDeps = {
  jobs: Pick<Jobs, 'enqueue'>
  chooseAnalyst: ChooseAnalyst
  /** Traces worked on at once where neither the request nor the configuration says. */
  concurrencyOf: (choices: InsightChoices) => number
  codeVersion: string
  now: () => number
  newId: () => string
}

/**
 * Creates the MLflow run, with the caller's own credentials, and schedules the job. Answers the Insight's id. Throws
 * `experiment.not_found`, `request.invalid` for traces or filters MLflow does not know, and `insight.no_traces`.
 */
export async function createInsight(
  body: CreateInsightBody,
  caller: Caller,
  deps: CreateDeps,
  { signal }: { signal: AbortSignal },
): Promise<string> {
  const experiment = await caller.getExperiment(body.experiment_id, signal)
  const choices = toChoices(body.options)
  const analyst = deps.chooseAnalyst(choices)
  const spec = toSpec(body, {
    nowMs: deps.now(),
    concurrency: body.options?.concurrency ?? deps.concurrencyOf(choices),
  })
  await checkScope(spec, caller, signal)

  // From here on the caller may go away: what is begun is brought to its end.
  const patience = AbortSignal.timeout(writePatienceMs)
  const run = await caller.client.createRun(
    {
      experimentId: spec.experimentId,
      name: spec.name,
      startTimeMs: spec.pinnedAtMs,
      // A request whose answer was lost finds its run by this tag instead of making a second one.
      tags: {
        ...startTags({ ...spec, filters: describeScope(spec.scope) }),
        'mlflow.insights.request_id': deps.newId(),
      },
      uniqueTag: 'mlflow.insights.request_id',
    },
    { signal: patience },
  )
  try {
    // Params can be written once only: here, and not by each attempt of a job, which may run on a newer version.
    await caller.client.logBatch(run.runId, { params: toParams(spec, analyst, deps.codeVersion) }, { signal: patience })
    await caller.client.updateRun({ runId: run.runId, status: 'SCHEDULED' }, { signal: patience })
    // The row and its place in the queue come to be together or not at all.
    await deps.jobs.enqueue(run.runId, (tx) =>
      insertInsight(tx, {
        id: run.runId,
        experimentName: experiment.name,
        spec,
        choices,
        models: analyst.models,
        prompts: analyst.prompts.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
        createdAt: new Date(spec.pinnedAtMs),
      }),
    )
  } catch (error) {
    // A run without a job must not look as if somebody worked on it.
    await caller.client
      .updateRun({ runId: run.runId, status: 'FAILED', endTimeMs: deps.now() }, { signal: patience })
      .catch(() => undefined)
    throw error
  }
  return run.runId
}

/** The body as one hash: the same idempotency key must come with the same request. */
export function hashBody(body: CreateInsightBody): string {
  return sha256(JSON.stringify(body))
}

function toChoices(options: CreateInsightBody['options']): InsightChoices {
  return {
    ...(options?.analyst === undefined ? {} : { analyst: options.analyst }),
    ...(options?.model === undefined ? {} : { model: options.model }),
    ...(options?.summary_model === undefined ? {} : { summaryModel: options.summary_model }),
    ...(options?.reasoning_effort === undefined ? {} : { reasoningEffort: options.reasoning_effort }),
  }
}

function toSpec(body: CreateInsightBody, at: { nowMs: number; concurrency: number }): InsightSpec {
  const { options = {} } = body
  return {
    experimentId: body.experiment_id,
    name: body.name === undefined || body.name === '' ? shorten(body.instruction.replace(/\s+/g, ' '), 80) : body.name,
    description: body.description ?? '',
    instruction: body.instruction,
    scope: toScope(body.scope),
    pinnedAtMs: at.nowMs,
    seed: options.seed ?? defaultSeed,
    ...(options.levels === undefined ? {} : { levels: options.levels }),
    ...(options.max_leaves === undefined ? {} : { maxLeaves: options.max_leaves }),
    ...(options.min_cluster_size === undefined ? {} : { minClusterSize: options.min_cluster_size }),
    minSuccessShare: options.min_success_share ?? 0.8,
    concurrency: at.concurrency,
  }
}

function toScope(scope: CreateInsightBody['scope']): Scope {
  if ('trace_ids' in scope) return { traceIds: [...new Set(scope.trace_ids)] }
  return {
    filter: scope.filter,
    ...(scope.max_traces === undefined ? {} : { maxTraces: scope.max_traces }),
    ...(scope.sample === undefined ? {} : { sample: scope.sample }),
    ...(scope.stratify_by === undefined ? {} : { stratifyBy: scope.stratify_by }),
  }
}

async function checkScope(spec: InsightSpec, caller: Caller, signal: AbortSignal): Promise<void> {
  if ('traceIds' in spec.scope) {
    if (spec.scope.traceIds.length > maxCheckedTraces) return
    const infos = await caller.client.getTraceInfos(spec.scope.traceIds, { signal })
    const known = new Set(
      infos.filter(({ experimentId }) => experimentId === spec.experimentId).map(({ traceId }) => traceId),
    )
    const missing = spec.scope.traceIds.filter((traceId) => !known.has(traceId))
    if (missing.length === 0) return
    throw new AppError(
      'request.invalid',
      `${missing.length} of ${spec.scope.traceIds.length} traces are not in this experiment: ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', …' : ''}. Leave them out.`,
      {
        fields: missing
          .slice(0, 50)
          .map((traceId) => ({ path: 'scope.trace_ids', message: `No trace ${traceId} in this experiment.` })),
      },
    )
  }
  const { traces } = await caller.client.findTracePage(
    { experimentIds: [spec.experimentId], filter: spec.scope.filter, maxResults: 1 },
    { signal },
  )
  if (traces.length > 0) return
  throw new AppError(
    'insight.no_traces',
    spec.scope.filter === ''
      ? 'The experiment has no traces yet. Log some, then create the Insight.'
      : 'No trace matches the filter. Loosen it.',
  )
}

/** The scope in words, for the run's tag. */
function describeScope(scope: Scope): string {
  if ('traceIds' in scope) return `${scope.traceIds.length} selected traces`
  const sample = scope.maxTraces === undefined ? '' : ` (${scope.sample ?? 'newest'} ${scope.maxTraces})`
  return `${scope.filter === '' ? 'all traces' : scope.filter}${sample}`
}
