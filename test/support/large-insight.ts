// An Insight of as many traces as wanted, written straight into the database: for what only shows at 100,000.
import { sql } from 'drizzle-orm'
import type { Database } from '#/server/db/database.ts'
import type { Cluster } from '#/pipeline/insight.ts'
import { insertInsight, updateInsight } from '#/server/db/insights.ts'
import { anInsight, aSpec, someMetrics } from './insight-rows.ts'

const tops = 12
const middles = 10
const leaves = 8

/** 12 × 10 × 8 clusters, each a cloud of its own on the map; every fiftieth trace is unassigned. */
export async function seedLargeInsight(
  { db }: Database,
  options: { id: string; traces: number; experimentId: string },
): Promise<void> {
  const { id, traces, experimentId } = options
  await insertInsight(db, anInsight(id, { spec: { ...aSpec, experimentId, name: `${traces} traces` } }))
  const unassigned = Math.ceil(traces / 50)
  const counts = {
    selected: traces,
    summarized: traces,
    skipped: 0,
    failed: 0,
    clustered: traces - unassigned,
    unassigned,
  }
  // Numbers of the clusters follow from the row's own, so that the tree and the rows agree without reading either.
  await db.execute(sql`
    insert into insight_traces (insight_id, ordinal, trace_id, status, outcome, state, request_time_ms, execution_ms,
      total_tokens, tree_version, cluster_path, reason, distance, x, y)
    select ${id}, n, 'tr-' || lpad(to_hex(n), 32, '0'), 'summarized', 'resolved', 'OK', 1700000000000 + n * 1000.0,
      200 + (n * 7919) % 9000, 300 + (n * 31) % 4000, 1,
      case when n % 50 = 0 then null
        else (1 + n % ${tops}) || '.' || (1 + (n / ${tops}) % ${middles}) || '.' || (1 + (n / ${tops * middles}) % ${leaves}) end,
      case when n % 50 = 0 then 'unlike_others' else 'Close to its centre.' end, ((n * 37) % 1000) / 1000.0,
      cos((n % ${tops}) * 0.5236) * 10 + cos(((n / ${tops}) % ${middles}) * 0.6283) * 2.4 + (random() - 0.5) * 2,
      sin((n % ${tops}) * 0.5236) * 10 + sin(((n / ${tops}) % ${middles}) * 0.6283) * 2.4 + (random() - 0.5) * 2
    from generate_series(0, ${traces - 1}) as n
  `)
  await db.execute(sql`
    insert into insight_summaries (insight_id, ordinal, title, text, grouping_text, language, evidence, read_share, model,
      input_tokens, output_tokens, cached_tokens, calls, cost_usd, request_preview, feedback_positive, feedback_negative)
    select ${id}, n, 'Customer asks about parcel ' || n,
      'The customer asks where parcel ' || n || ' is; the assistant finds it and says when it will come.', '', 'en', '[]', 1,
      'builtin', 0, 0, 0, 0, 0, 'Where is my parcel ' || n || '?', 0, 0
    from generate_series(0, ${traces - 1}) as n
  `)
  await db.execute(sql`analyze insight_traces, insight_summaries`)
  const clusters = await toTree(db, id, traces)
  await updateInsight(db, id, {
    status: 'FINISHED',
    stage: 'publish',
    counts,
    overview: 'Customers ask where their parcel is.',
    keyPoints: [{ text: 'Everybody asks for a parcel.', share: 1, clusterIds: ['1'], evidence: [] }],
    whole: someMetrics,
    startedAt: new Date(1_700_000_000_000),
    finishedAt: new Date(1_700_000_600_000),
  })
  await db.execute(sql`
    update insights set clusters = ${JSON.stringify(clusters)}::jsonb, cluster_count = ${tops * (1 + middles * (1 + leaves))},
      leaf_count = ${tops * middles * leaves}, depth = 3, tree_version = 1
    where id = ${id}
  `)
}

type Kept = Omit<Cluster, 'traceIds' | 'children'> & { children: Kept[] }

async function toTree(db: Database['db'], id: string, traces: number): Promise<Kept[]> {
  const { rows } = await db.execute<{ path: string; size: number }>(sql`
    select cluster_path as path, count(*)::int as size from insight_traces
    where insight_id = ${id} and cluster_path is not null group by cluster_path
  `)
  const sizes = new Map(rows.map(({ path, size }) => [path, size]))
  const build = (path: string, wanted: readonly number[]): Kept => {
    const [here, ...below] = wanted
    const children = Array.from({ length: here ?? 0 }, (_, index) => build(`${path}.${index + 1}`, below))
    const size = children.length === 0 ? (sizes.get(path) ?? 0) : children.reduce((sum, child) => sum + child.size, 0)
    return {
      id: path,
      title: `Parcels of depot ${path}`,
      summary: `Customers ask where the parcel from depot ${path} is.`,
      size,
      share: size / traces,
      representativeTraceIds: [],
      examples: [],
      quality: { silhouette: null, stability: null, coverage: null },
      evidence: [],
      keywords: ['parcel', 'depot'],
      metrics: someMetrics,
      children,
    }
  }
  return Array.from({ length: tops }, (_, index) => build(String(index + 1), [middles, leaves]))
}
