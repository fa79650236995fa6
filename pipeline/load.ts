// Which traces an Insight is about. Pages are turned into ids at once: the traces themselves are never held.
import { forEachConcurrent, inGroupsOf } from './concurrency.ts'
import { AppError } from './errors.ts'
import { samplingRank } from './ids.ts'
import type { Failure, InsightSpec } from './insight.ts'
import type { Cancellable, Checkpoints, Tracking } from './ports.ts'
import type { TraceInfo } from './trace.ts'

type Candidate = { traceId: string; rank: number; stratum: string; arrival: number }

type Ports = { tracking: Tracking; checkpoints: Checkpoints }
type Options = Cancellable & { onProgress: (found: number) => void }
type Select = (traceIds: readonly string[]) => Promise<void>

/** Traces selected and linked in one go; the server takes at most 100 links in a call. */
const pageSize = 500
const linkGroup = 100

/**
 * Resolves the scope into the job's selection, links it to the run, has the server confirm the links, and answers the
 * selection's size. Repeating it adds nothing. Throws `insight.no_traces` where nothing matches.
 */
export async function loadSelection(
  input: { runId: string; spec: InsightSpec },
  ports: Ports,
  options: Options,
): Promise<number> {
  const { runId, spec } = input
  let linked = 0
  const select: Select = async (traceIds) => {
    await ports.checkpoints.addSelected(traceIds.map((traceId) => ({ traceId })))
    await forEachConcurrent(inGroupsOf(traceIds, linkGroup), { concurrency: 4, signal: options.signal }, (group) =>
      ports.tracking.linkTraces(runId, group, options),
    )
    linked += traceIds.length
  }
  if ('traceIds' in spec.scope)
    await selectNamed(spec.scope.traceIds, select, ports, { ...options, experimentId: spec.experimentId })
  else await selectMatching(spec, spec.scope, select, ports, options)
  const selected = await ports.checkpoints.countSelected()
  requireTraces(selected, spec)
  if ((await ports.tracking.countLinked({ runId, experimentId: spec.experimentId }, options)) < linked) {
    await linkAgain({ runId, spec }, ports, options)
  }
  return selected
}

/** Links what the server does not confirm; a trace that was deleted meanwhile is recorded and holds up nobody. */
async function linkAgain(input: { runId: string; spec: InsightSpec }, ports: Ports, options: Options): Promise<void> {
  const run = { runId: input.runId, experimentId: input.spec.experimentId }
  for await (const page of ports.checkpoints.pending()) {
    const traceIds = page.map(({ traceId }) => traceId)
    const unlinked = await ports.tracking.findUnlinked(run, traceIds, options)
    const infos = await ports.tracking.getTraceInfos(unlinked, options)
    const existing = infos.map(({ traceId }) => traceId)
    for (const group of inGroupsOf(existing, linkGroup)) await ports.tracking.linkTraces(run.runId, group, options)
    const stillUnlinked = existing.length === 0 ? [] : await ports.tracking.findUnlinked(run, existing, options)
    if (stillUnlinked.length > 0) {
      throw new AppError(
        'mlflow.bad_answer',
        `MLflow does not confirm ${stillUnlinked.length} links between traces and the run, although it accepted them.`,
      )
    }
    await ports.checkpoints.saveFailures(unlinked.filter((traceId) => !existing.includes(traceId)).map(toMissing))
  }
}

async function selectNamed(
  named: readonly string[],
  select: Select,
  ports: Ports,
  options: Options & { experimentId: string },
): Promise<void> {
  let found = 0
  for (const traceIds of inGroupsOf([...new Set(named)], pageSize)) {
    options.signal.throwIfAborted()
    const infos = await ports.tracking.getTraceInfos(traceIds, options)
    // The job may read more than whoever asked for it: only the experiment they were let into counts.
    const known = new Set(
      infos.filter(({ experimentId }) => experimentId === options.experimentId).map(({ traceId }) => traceId),
    )
    const missing = traceIds.filter((traceId) => !known.has(traceId))
    await select(traceIds.filter((traceId) => known.has(traceId)))
    await ports.checkpoints.addSelected(missing.map((traceId) => ({ traceId })))
    await ports.checkpoints.saveFailures(missing.map(toMissing))
    found += traceIds.length
    options.onProgress(found)
  }
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

async function selectMatching(
  spec: InsightSpec,
  scope: Exclude<InsightSpec['scope'], { traceIds: readonly string[] }>,
  select: Select,
  ports: Ports,
  options: Options,
): Promise<void> {
  const wanted = scope.maxTraces ?? Infinity
  const query = { experimentId: spec.experimentId, filter: scope.filter, until: spec.pinnedAtMs }
  const takesNewest = wanted === Infinity || (scope.sample ?? 'all') === 'all'
  const candidates: Candidate[] = []
  let found = 0
  for await (const page of ports.tracking.searchTraces(query, options)) {
    if (takesNewest) {
      const taken = page.slice(0, wanted - found)
      await select(taken.map(({ traceId }) => traceId))
      found += taken.length
      if (found >= wanted) break
    } else {
      for (const info of page) {
        const stratum = scope.sample === 'stratified' ? stratumOf(info, scope.stratifyBy ?? 'state') : ''
        candidates.push({
          traceId: info.traceId,
          rank: samplingRank(spec.seed, info.traceId),
          stratum,
          arrival: found++,
        })
      }
    }
    options.onProgress(Math.min(found, wanted))
  }
  if (!takesNewest) {
    const chosen = sample(candidates, wanted).map(({ traceId }) => traceId)
    for (const group of inGroupsOf(chosen, pageSize)) await select(group)
  }
}

/** The stratum of a trace: `state`, `day`, or the value of a tag or metadata key of that name. */
export function stratumOf(info: TraceInfo, stratifyBy: string): string {
  if (stratifyBy === 'state') return info.state
  if (stratifyBy === 'day') return new Date(info.requestTimeMs).toISOString().slice(0, 10)
  if (stratifyBy === 'session') return info.session ?? ''
  if (stratifyBy === 'user') return info.user ?? ''
  return info.tags[stratifyBy] ?? info.metadata[stratifyBy] ?? ''
}

/**
 * A sample of at most `size`, in order of arrival: uniform within a stratum, and an equal number from every stratum as
 * far as each reaches; what a small stratum leaves over goes to the larger ones.
 */
export function sample<T extends { rank: number; stratum: string; arrival: number }>(
  candidates: readonly T[],
  size: number,
): T[] {
  const strata = [...Map.groupBy(candidates, ({ stratum }) => stratum).values()]
  for (const stratum of strata) stratum.sort((a, b) => a.rank - b.rank)
  strata.sort((a, b) => a.length - b.length || ((a[0]?.stratum ?? '') < (b[0]?.stratum ?? '') ? -1 : 1))
  const chosen: T[] = []
  for (const [index, stratum] of strata.entries()) {
    const fairShare = Math.ceil((size - chosen.length) / (strata.length - index))
    chosen.push(...stratum.slice(0, fairShare))
  }
  return chosen.slice(0, size).sort((a, b) => a.arrival - b.arrival)
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
