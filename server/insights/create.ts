// From a request to a scheduled job: everything that can be wrong is found before anything is written.
import { promptRecords } from '#/pipeline/artifact.ts'
import { AppError } from '#/pipeline/errors.ts'
import type { Estimate } from '#/pipeline/estimate/estimate.ts'
import type { InsightSpec, Scope } from '#/pipeline/insight.ts'
import type { Lens } from '#/pipeline/lens.ts'
import { shorten, startTags } from '#/pipeline/names.ts'
import type { PromptRecord } from '#/pipeline/ports.ts'
import { toParams } from '#/pipeline/publish.ts'
import type { Caller } from '#/server/api/caller.ts'
import type { CreateInsightBody, RecomputeInsightBody } from '#/server/api/schemas/requests.ts'
import type { Config } from '#/server/config.ts'
import type { Db } from '#/server/db/database.ts'
import { addDraft, removeDraft } from '#/server/db/drafts.ts'
import { type InsightRecord, insertInsight } from '#/server/db/insights.ts'
import type { InsightChoices } from '#/server/db/records.ts'
import type { Jobs } from '#/server/jobs/jobs.ts'
import type { Log } from '#/server/log.ts'
import type { ChooseAnalyst } from './analysts.ts'
import { toChoices } from './choices.ts'
import type { EstimateInsight } from './estimate.ts'
import type { ChoosePrompts } from './prompts.ts'

/** The seed of an Insight that names none: fixed, so that the same question twice gives the same answer. */
const defaultSeed = 1
/** Share of the traces that must succeed where the request does not say. */
const defaultSuccessShare = 0.8
/** Named traces beyond this number are checked by the job instead, which lists the missing ones as failures. */
const maxCheckedTraces = 5_000

/**
 * From the first question to MLflow to the last write. Less than an abandoned idempotency key is kept, so that a slow request and
 * its repetition never both create.
 */
export const writePatienceMs = 45_000

/** By it a request whose answer was lost finds its run instead of making a second one. */
export const requestIdTag = 'mlflow.insights.request_id'

export type CreateDeps = {
  db: Db
  jobs: Pick<Jobs, 'enqueue'>
  chooseAnalyst: ChooseAnalyst
  choosePrompts: ChoosePrompts
  /** Traces worked on at once where neither the request nor the configuration says. */
  concurrencyOf: (choices: InsightChoices) => number
  /** Kept with the Insight, to be held against what it takes. */
  estimate: EstimateInsight
  log: Log
  codeVersion: string
  redaction: Config['redaction']
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
  given: { signal: AbortSignal },
): Promise<string> {
  const patience = AbortSignal.timeout(writePatienceMs)
  const signal = AbortSignal.any([given.signal, patience])
  const experiment = await caller.getExperiment(body.experiment_id, signal)
  const { spec, choices } = await toAsked(body, deps, { signal })
  await checkScope(spec, caller, signal)
  return await schedule({ experimentName: experiment.name, spec, choices }, caller, deps, patience)
}

/** What a request asks for, before anything is looked at. */
export async function toAsked(
  body: CreateInsightBody,
  deps: Pick<CreateDeps, 'now' | 'concurrencyOf' | 'choosePrompts'>,
  options: { signal: AbortSignal },
): Promise<{ spec: InsightSpec; choices: InsightChoices }> {
  const choices = await deps.choosePrompts(toChoices(body.options), options)
  const concurrency = body.options?.concurrency ?? deps.concurrencyOf(choices)
  return { spec: toSpec(body, { nowMs: deps.now(), concurrency }), choices }
}

/** Most estimates are known already, from the form the request was sent from. */
const estimatePatienceMs = 3_000

/** An Insight can do without an estimate. */
async function estimateInTime(
  asked: Parameters<EstimateInsight>[0],
  caller: Caller,
  { estimate, log }: Pick<CreateDeps, 'estimate' | 'log'>,
): Promise<Estimate | undefined> {
  try {
    return await estimate(asked, caller, { signal: AbortSignal.timeout(estimatePatienceMs) })
  } catch (error) {
    log.warn({ err: error, experimentId: asked.spec.experimentId }, 'insight not estimated')
    return undefined
  }
}

/**
 * The question of an earlier Insight asked again, of the traces that its scope has by now; `changes` replace what they
 * name. Answers the id of the new Insight, whose run names the earlier one as its parent. Throws what creating does, but
 * for traces that were named and are gone: those become failures of the new Insight.
 */
export async function recomputeInsight(
  parent: Pick<InsightRecord, 'id' | 'spec' | 'choices'>,
  changes: RecomputeInsightBody,
  caller: Caller,
  deps: CreateDeps,
  given: { signal: AbortSignal },
): Promise<string> {
  const patience = AbortSignal.timeout(writePatienceMs)
  const signal = AbortSignal.any([given.signal, patience])
  const experiment = await caller.getExperiment(parent.spec.experimentId, signal)
  const { name, description, options } = changes
  const spec: InsightSpec = {
    ...parent.spec,
    ...(name === undefined || name === '' ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...toSpecOptions(options),
    pinnedAtMs: deps.now(),
    ...(options?.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  }
  const choices = await deps.choosePrompts({ ...parent.choices, ...toChoices(options) }, { signal })
  if ('filter' in spec.scope) await checkScope(spec, caller, signal)
  return await schedule({ experimentName: experiment.name, spec, choices, parentId: parent.id }, caller, deps, patience)
}

async function schedule(
  insight: { experimentName: string; spec: InsightSpec; choices: InsightChoices; parentId?: string },
  caller: Caller,
  deps: CreateDeps,
  patience: AbortSignal,
): Promise<string> {
  const { experimentName, spec, choices, parentId } = insight
  const analyst = deps.chooseAnalyst(choices)
  const estimating = estimateInTime(insight, caller, deps)
  const requestId = deps.newId()
  // Should this process die half way, somebody finds the run by its draft and ends it.
  await addDraft(deps.db, { requestId, experimentId: spec.experimentId })
  // From here on the caller may go away: what is begun is brought to its end.
  const run = await caller.client.createRun(
    {
      experimentId: spec.experimentId,
      name: spec.name,
      startTimeMs: spec.pinnedAtMs,
      tags: {
        ...startTags({ ...spec, filters: describeScope(spec.scope) }),
        [requestIdTag]: requestId,
        ...(parentId === undefined ? {} : { 'mlflow.parentRunId': parentId }),
        ...linkTags(analyst.prompts),
      },
      uniqueTag: requestIdTag,
    },
    { signal: patience },
  )
  try {
    // Params can be written once only: here, and not by each attempt of a job, which may run on a newer version.
    const params = {
      ...toParams(spec, analyst, deps.codeVersion),
      redaction: describeRedaction(deps.redaction),
      ...(choices.prompts === undefined ? {} : { prompt_alias: choices.prompts.alias }),
    }
    await caller.client.logBatch(run.runId, { params }, { signal: patience })
    await caller.client.updateRun({ runId: run.runId, status: 'SCHEDULED' }, { signal: patience })
    const estimate = await estimating
    // The row and its place in the queue come to be together or not at all.
    const within = async (tx: Db): Promise<void> => {
      await removeDraft(tx, requestId)
      await insertInsight(tx, {
        id: run.runId,
        experimentName,
        spec,
        choices,
        ...(parentId === undefined ? {} : { parentId }),
        models: analyst.models,
        estimate,
        prompts: promptRecords(analyst),
        createdAt: new Date(spec.pinnedAtMs),
      })
    }
    // Targets may need far fewer traces than there are.
    const traces = 'targets' in spec.scope ? undefined : estimate?.traces
    await deps.jobs.enqueue(run.runId, { traces, within })
  } catch (error) {
    // A run without a job must not look as if somebody worked on it.
    await caller.client
      .updateRun({ runId: run.runId, status: 'FAILED', endTimeMs: deps.now() }, { signal: patience })
      .catch(() => undefined)
    throw error
  }
  return run.runId
}

function toLens({ facets, only, ...words }: NonNullable<CreateInsightBody['options']>['lens'] & {}): Lens {
  return {
    ...words,
    facets: facets.map(({ values, ...facet }) => ({ ...facet, ...(values === undefined ? {} : { values }) })),
    ...(only === undefined ? {} : { only }),
  }
}

function toSpec(body: CreateInsightBody, at: { nowMs: number; concurrency: number }): InsightSpec {
  return {
    experimentId: body.experiment_id,
    name: body.name === undefined || body.name === '' ? shorten(body.instruction.replace(/\s+/g, ' '), 80) : body.name,
    description: body.description ?? '',
    instruction: body.instruction,
    scope: toScope(body.scope),
    pinnedAtMs: at.nowMs,
    seed: defaultSeed,
    minSuccessShare: defaultSuccessShare,
    ...toSpecOptions(body.options),
    concurrency: at.concurrency,
  }
}

/** The options that decide the outcome, as far as they are given. */
function toSpecOptions(options: CreateInsightBody['options'] = {}): Partial<InsightSpec> {
  return {
    ...(options.lens === undefined ? {} : { lens: toLens(options.lens) }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.levels === undefined ? {} : { levels: options.levels }),
    ...(options.max_leaves === undefined ? {} : { maxLeaves: options.max_leaves }),
    ...(options.min_cluster_size === undefined ? {} : { minClusterSize: options.min_cluster_size }),
    ...(options.min_shown_size === undefined ? {} : { minShownSize: options.min_shown_size }),
    ...(options.provisional_at === undefined ? {} : { previewAt: options.provisional_at }),
    ...(options.min_success_share === undefined ? {} : { minSuccessShare: options.min_success_share }),
    ...(options.max_duration_s === undefined ? {} : { maxDurationS: options.max_duration_s }),
  }
}

function toScope(scope: CreateInsightBody['scope']): Scope {
  if ('trace_ids' in scope) return { traceIds: [...new Set(scope.trace_ids)] }
  return {
    filter: scope.filter,
    ...(scope.max_traces === undefined ? {} : { maxTraces: scope.max_traces }),
    ...(scope.sample === undefined ? {} : { sample: scope.sample }),
    ...(scope.stratify_by === undefined ? {} : { stratifyBy: scope.stratify_by }),
    ...(scope.targets === undefined ? {} : { targets: scope.targets }),
  }
}

async function checkScope(spec: InsightSpec, caller: Caller, signal: AbortSignal): Promise<void> {
  if ('traceIds' in spec.scope) {
    if (spec.scope.traceIds.length > maxCheckedTraces) return
    const infos = await caller.client.getTraceInfos(
      { experimentId: spec.experimentId, traceIds: spec.scope.traceIds },
      { signal },
    )
    const known = new Set(infos.map(({ traceId }) => traceId))
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

/** By this tag MLflow shows the registered prompts on the run's own page. */
function linkTags(prompts: readonly PromptRecord[]): Record<string, string> {
  const linked = prompts.flatMap(({ source }) => {
    const [, name, version] = /^prompts:\/(.+)\/(\d+)$/.exec(source) ?? []
    return name === undefined || version === undefined ? [] : [{ name, version }]
  })
  return linked.length === 0 ? {} : { 'mlflow.linkedPrompts': JSON.stringify(linked) }
}

/** What was masked, for the run's params: an auditor must not have to guess. */
function describeRedaction({ isOn, patterns }: Config['redaction']): string {
  if (!isOn) return 'off'
  return patterns.length === 0 ? 'on' : `on, and ${patterns.map(({ name }) => name).join(', ')}`
}

/** The scope in words, for the run's tag. */
function describeScope(scope: Scope): string {
  if ('traceIds' in scope) return `${scope.traceIds.length} selected traces`
  const by = scope.stratifyBy === undefined ? '' : ` by ${scope.stratifyBy}`
  const sample =
    scope.targets !== undefined && 'each' in scope.targets
      ? ` (${scope.targets.each} each${by})`
      : scope.maxTraces === undefined
        ? ''
        : ` (${scope.sample === undefined || scope.sample === 'all' ? 'newest' : `${scope.sample}${by},`} ${scope.maxTraces})`
  return `${scope.filter === '' ? 'all traces' : scope.filter}${sample}`
}
