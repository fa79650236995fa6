// Which traces an Insight is about. Pages are turned into ids at once: the traces themselves are never held.
import { forEachConcurrent, inGroupsOf } from './concurrency.ts'
import { AppError } from './errors.ts'
import { samplingRank } from './ids.ts'
import type { Failure, InsightSpec } from './insight.ts'
import type { Cancellable, Checkpoints, Emit, SelectedTrace, Tracking } from './ports.ts'
import { toReadingOrder } from './reading-order.ts'
import { allocate, createPool, describeShortfall, mostOfOneStratum, stratumOf, toSelection } from './sample.ts'
import type { TraceInfo } from './trace.ts'

type Ports = { tracking: Tracking; checkpoints: Checkpoints; emit: Emit }
type Options = Cancellable & { onProgress: (found: number) => void }

/** All that is kept of a trace while the selection is made. */
type Found = SelectedTrace & { rank: number; stratum: string; session?: string }

/** Traces selected and linked in one go; the server takes at most 100 links in a call. */
const pageSize = 500
const linkGroup = 100

/**
 * Resolves the scope into the job's selection, in the order in which it is to be read, links it to the run, has the server
 * confirm the links, and answers the selection's size. Repeating it adds nothing. Throws `insight.no_traces` where nothing
 * matches.
 */
export async function loadSelection(
  input: { runId: string; spec: InsightSpec },
  ports: Ports,
  options: Options,
): Promise<number> {
  const { runId, spec } = input
  const { checkpoints, tracking } = ports
  const found =
    'traceIds' in spec.scope
      ? await findNamed(spec, spec.scope.traceIds, ports, options)
      : await findMatching(spec, spec.scope, ports, options)
  for (const page of inGroupsOf(toReadingOrder(found.traces, spec.seed), pageSize)) {
    await checkpoints.addSelected(page.map(toSelected))
    const groups = inGroupsOf(
      page.map(({ traceId }) => traceId),
      linkGroup,
    )
    await forEachConcurrent(groups, { concurrency: 4, signal: options.signal }, (group) =>
      tracking.linkTraces(runId, group, options),
    )
    // Says that it goes on: who hears nothing for long takes the job for stuck.
    options.onProgress(found.traces.length)
  }
  for (const page of inGroupsOf(found.missing, pageSize)) {
    await checkpoints.addSelected(page.map((traceId) => ({ traceId })))
    await checkpoints.saveFailures(page.map(toMissing))
  }
  const selected = await checkpoints.countSelected()
  requireTraces(selected, spec)
  const run = { runId, experimentId: spec.experimentId }
  if ((await tracking.countLinked(run, options)) < found.traces.length) await linkAgain({ runId, spec }, ports, options)
  return selected
}

function toFound(info: TraceInfo, seed: number, stratum: string): Found {
  const { traceId, requestTimeMs, state, executionMs, tokens, session } = info
  return {
    traceId,
    rank: samplingRank(seed, traceId),
    stratum,
    requestTimeMs,
    state,
    ...(executionMs === undefined ? {} : { executionMs }),
    ...(tokens === undefined ? {} : { totalTokens: tokens.totalTokens }),
    ...(session === undefined ? {} : { session }),
  }
}

function toSelected({ rank, stratum, session, ...selected }: Found): SelectedTrace {
  void [rank, stratum, session]
  return selected
}

/** Links what the server does not confirm; a trace that was deleted meanwhile is recorded and holds up nobody. */
async function linkAgain(input: { runId: string; spec: InsightSpec }, ports: Ports, options: Options): Promise<void> {
  const run = { runId: input.runId, experimentId: input.spec.experimentId }
  // All at once: to tell of some, MLflow is asked for every trace that is linked.
  const traceIds: string[] = []
  for await (const page of ports.checkpoints.pending()) for (const { traceId } of page) traceIds.push(traceId)
  const unlinked = await ports.tracking.findUnlinked(run, traceIds, options)
  const infos = await ports.tracking.getTraceInfos({ experimentId: run.experimentId, traceIds: unlinked }, options)
  const existing = new Set(infos.map(({ traceId }) => traceId))
  for (const group of inGroupsOf([...existing], linkGroup)) await ports.tracking.linkTraces(run.runId, group, options)
  const stillUnlinked = existing.size === 0 ? [] : await ports.tracking.findUnlinked(run, [...existing], options)
  if (stillUnlinked.length > 0) {
    throw new AppError(
      'mlflow.bad_answer',
      `MLflow does not confirm ${stillUnlinked.length} links between traces and the run, although it accepted them.`,
    )
  }
  await ports.checkpoints.saveFailures(unlinked.filter((traceId) => !existing.has(traceId)).map(toMissing))
}

type Resolved = { traces: Found[]; missing: string[] }

async function findNamed(
  spec: InsightSpec,
  named: readonly string[],
  { tracking }: Ports,
  options: Options,
): Promise<Resolved> {
  const resolved: Resolved = { traces: [], missing: [] }
  for (const traceIds of inGroupsOf([...new Set(named)], pageSize)) {
    options.signal.throwIfAborted()
    // The job may read more than whoever asked for it: only the experiment they were let into counts.
    const infos = await tracking.getTraceInfos({ experimentId: spec.experimentId, traceIds }, options)
    const known = new Map(infos.map((info) => [info.traceId, info]))
    for (const traceId of traceIds) {
      const info = known.get(traceId)
      if (info === undefined) resolved.missing.push(traceId)
      else resolved.traces.push(toFound(info, spec.seed, ''))
    }
    options.onProgress(resolved.traces.length + resolved.missing.length)
  }
  return resolved
}

function toMissing(traceId: string): Failure {
  return {
    traceId,
    stage: 'load',
    code: 'trace.not_found',
    message: 'The experiment has no such trace (any more).',
    attempts: 1,
    next: 'none',
  }
}

/** Pages become a few numbers a trace at once, and of a sample only what can still be chosen is kept. */
async function findMatching(
  spec: InsightSpec,
  scope: Exclude<InsightSpec['scope'], { traceIds: readonly string[] }>,
  ports: Ports,
  options: Options,
): Promise<Resolved> {
  const { targets, stratifyBy } = scope
  const size = scope.maxTraces ?? Infinity
  const method = targets === undefined ? (scope.sample ?? 'all') : 'stratified'
  // Without a target or a maximum there is nothing to choose; without a sample the newest are taken.
  const takesFirst = method === 'all' || (size === Infinity && targets === undefined)
  const pool = createPool<Found>(takesFirst ? Infinity : mostOfOneStratum(size, targets))
  // What nobody stratifies by is one stratum; where all are read, the strata still decide the order.
  const key = method === 'stratified' ? (stratifyBy ?? 'state') : method === 'all' ? stratifyBy : undefined
  const keyOf = (info: TraceInfo): string => (key === undefined ? '' : stratumOf(info, key))
  let matched = 0
  const query = { experimentId: spec.experimentId, filter: scope.filter, until: spec.pinnedAtMs }
  for await (const page of ports.tracking.searchTraces(query, options)) {
    const taken = takesFirst ? page.slice(0, size - matched) : page
    for (const info of taken) pool.add(toFound(info, spec.seed, keyOf(info)))
    matched += taken.length
    options.onProgress(Math.min(matched, size))
    if (takesFirst && matched >= size) break
  }
  const strata = pool.strata()
  if (takesFirst) {
    // Where the newest were enough, nobody has counted the rest.
    await ports.checkpoints.saveSelection(toSelection(matched < size ? matched : undefined, []))
    return { traces: strata.flatMap(({ candidates }) => candidates), missing: [] }
  }
  const counts = allocate(strata, { size, targets })
  const countOf = new Map(counts.map(({ value, selected }) => [value, selected]))
  const selection = toSelection(matched, method === 'random' ? [] : counts)
  await ports.checkpoints.saveSelection(selection)
  const shortfall = describeShortfall(selection)
  if (shortfall !== undefined) ports.emit({ type: 'log', level: 'info', message: shortfall })
  return {
    traces: strata.flatMap(({ value, candidates }) => candidates.slice(0, countOf.get(value) ?? 0)),
    missing: [],
  }
}

/** Says what to do when nothing matched. */
function requireTraces(selected: number, spec: InsightSpec): void {
  if (selected > 0) return
  const filter = 'filter' in spec.scope ? spec.scope.filter : ''
  throw new AppError(
    'insight.no_traces',
    filter === ''
      ? 'The experiment has no traces yet. Log some, then create the Insight again.'
      : 'No trace matches the filter. Loosen it and create the Insight again.',
  )
}
