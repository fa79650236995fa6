// A first hierarchy while summaries still arrive. It is on nobody's way: whatever goes wrong with it, the job goes on.
import { nodesToName, toGrouping } from './group.ts'
import type { InsightSpec, SummaryRecord } from './insight.ts'
import { countOutcomes, toMetrics } from './metrics.ts'
import { hideSmallGroups } from './small-groups.ts'
import type { Cancellable, PipelinePorts } from './ports.ts'

/** Summaries it takes to tell a story, and how many are taken at most: the rest only sharpens it. */
const defaultAt = 200
const defaultShare = 0.2
const leastAt = 30
const mostAt = 5_000
/** It is made anew each time there is this much more to tell. */
const growth = 4

type Ports = Required<Pick<PipelinePorts, 'checkpoints' | 'group' | 'emit' | 'preview'>>

/** After how many summaries the first one is made; `undefined` where the whole is there as soon. */
export function previewAt(selected: number, asked: number | undefined): number | undefined {
  const at = asked ?? Math.max(leastAt, Math.min(defaultAt, Math.ceil(selected * defaultShare)))
  return at === 0 || at * 2 > selected ? undefined : at
}

/**
 * Makes a provisional hierarchy of the summaries so far once there are enough of them, and again as they grow. `observe`
 * never waits and never throws; `stop` resolves when nothing of it is under way any more.
 */
export function createPreview(
  { spec, selected, summarized: before }: { spec: InsightSpec; selected: number; summarized: number },
  ports: Ports,
  options: Cancellable,
): { observe: (summarized: number) => void; stop: () => Promise<void> } {
  const after = (summarized: number): number | undefined =>
    summarized * growth <= Math.min(mostAt, selected / 2) ? summarized * growth : undefined
  let next = previewAt(selected, spec.previewAt)
  // What an earlier run got beyond may stand there already, made of more: nothing smaller takes its place.
  while (next !== undefined && next <= before) next = after(next)
  let running: Promise<void> | undefined
  const stopped = new AbortController()
  const signal = AbortSignal.any([options.signal, stopped.signal])

  const run = async (summarized: number): Promise<void> => {
    try {
      await makePreview(spec, ports, { signal })
      next = after(summarized)
    } catch {
      next = undefined
      if (signal.aborted) return
      ports.emit({
        type: 'log',
        level: 'info',
        message: 'The groups so far could not be shown; the final ones follow.',
      })
    }
  }
  return {
    observe: (summarized) => {
      if (running !== undefined || next === undefined || summarized < next || signal.aborted) return
      running = run(summarized).finally(() => {
        running = undefined
      })
    },
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}

async function makePreview(spec: InsightSpec, ports: Ports, options: Cancellable): Promise<void> {
  const records = await readSome(ports.checkpoints.summaries())
  const texts = records.map(({ summary }) => summary.groupingText)
  const { vectors } = await ports.preview.embed(texts, { ...options, seed: spec.seed })
  const { tree, map } = await ports.group(vectors, { seed: spec.seed, texts }, options)
  const grouped = { ...hideSmallGroups(tree, spec.minShownSize ?? 1), map }
  const nodes = nodesToName(grouped.tree, records, grouped.hidden)
  const { names } = await ports.preview.nameClusters(
    { instruction: spec.instruction, nodes, total: records.length, outcomes: countOutcomes(records) },
    options,
  )
  const { clusters, assignments, nodeCount, leafCount } = toGrouping(grouped, names, records)
  options.signal.throwIfAborted()
  const provisional = { of: records.length, whole: toMetrics(records) }
  await ports.checkpoints.saveClusters(clusters, assignments, { provisional })
  ports.emit({ type: 'clusters', clusters: nodeCount, leaves: leafCount, provisionalOf: records.length })
}

/** The first summaries in the order of reading, which are representative of all. */
async function readSome(pages: AsyncIterable<SummaryRecord[]>): Promise<SummaryRecord[]> {
  const records: SummaryRecord[] = []
  for await (const page of pages) {
    records.push(...page.slice(0, mostAt - records.length))
    if (records.length >= mostAt) break
  }
  return records
}
