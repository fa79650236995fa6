// What an Insight says: its tree, the traces of a cluster, the map, failures, the artifact, and exports.
import { Hono } from 'hono'
import type { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'
import { clusterDetailsPath } from '#/pipeline/names.ts'
import type { Database, Db } from '#/server/db/database.ts'
import {
  countOutside,
  type InsightTrace,
  listFailures,
  listInsightTraces,
  readInsightTraces,
  readMap,
  type TracesMatch,
} from '#/server/db/insight-traces.ts'
import { findClusterSize, getTree, type InsightRecord } from '#/server/db/insights.ts'
import { toClusterAnswer, toFailureAnswer, toInsightTraceRow, toWholeAnswer } from './answers.ts'
import type { CallerEnv } from './caller.ts'
import { toCsvLine } from './csv.ts'
import { getVisibleInsight } from './insights.ts'
import { ClustersAnswer, FailureList, InsightTraceList, type InsightTraceRow, MapAnswer } from './schemas/clusters.ts'
import { ExportQuery, FailuresQuery, InsightTracesQuery } from './schemas/requests.ts'
import { route, validate } from './validate.ts'

const tag = 'Reading'

export function readingRoutes({ database }: { database: Database }) {
  const { db } = database
  return new Hono<CallerEnv>()
    .get('/insights/:id/clusters', route({ summary: 'The hierarchy', tag, answer: ClustersAnswer }), async (c) => {
      const signal = c.req.raw.signal
      const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
      const [tree, outside, ui] = await Promise.all([
        getTree(db, record.id),
        countOutside(db, record.id),
        c.var.caller.client.ui({ signal }),
      ])
      const insight = { experimentId: record.experimentId, runId: record.id }
      // Of what the tree is made of, which while it runs is not yet what the record counts.
      const clustered = tree.clusters.reduce((sum, { size }) => sum + size, 0)
      return c.json({
        provisional: tree.provisionalOf !== null,
        ...(tree.provisionalOf === null ? {} : { provisional_of: tree.provisionalOf }),
        clusters: tree.clusters.map((cluster) => toClusterAnswer(cluster, insight, ui)),
        whole: toWholeAnswer(tree.whole),
        unassigned: {
          size: outside.unassigned,
          share: outside.unassigned === 0 ? 0 : outside.unassigned / (outside.unassigned + clustered),
          reasons: outside.reasons,
        },
        failed: { size: outside.failed },
        skipped: { size: outside.skipped },
      })
    })
    .get(
      '/insights/:id/traces',
      route({
        summary: 'Traces of the Insight, of a cluster with all below it, `unassigned`, `failed` or `skipped`',
        tag,
        answer: InsightTraceList,
      }),
      validate('query', InsightTracesQuery),
      async (c) => {
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        const { page_size, page_token, offset, sort, order, ...asked } = c.req.valid('query')
        const match = toMatch(asked)
        const total = await findKnownTotal(db, record, match)
        const [page, ui] = await Promise.all([
          listInsightTraces(db, record.id, {
            ...match,
            ...(total === undefined ? {} : { total }),
            sort,
            order,
            pageSize: page_size,
            ...(page_token === undefined ? {} : { pageToken: page_token }),
            ...(offset === undefined ? {} : { offset }),
          }),
          c.var.caller.client.ui({ signal }),
        ])
        return c.json({
          items: page.items.map((trace) => toInsightTraceRow(trace, record.experimentId, ui)),
          ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
          total: page.total,
        })
      },
    )
    .get(
      '/insights/:id/map',
      route({ summary: 'A place for every summarized trace', tag, answer: MapAnswer }),
      async (c) => {
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
        const map = await readMap(db, record.id)
        return c.json({ trace_ids: map.traceIds, x: map.x, y: map.y, cluster_ids: map.clusterIds })
      },
    )
    .get(
      '/insights/:id/failures',
      route({
        summary: 'Traces that could not be done, with the reason and what would help; or those that were skipped',
        tag,
        answer: FailureList,
      }),
      validate('query', FailuresQuery),
      async (c) => {
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
        const { kind, page_size, page_token } = c.req.valid('query')
        const page = await listFailures(db, record.id, {
          kind,
          pageSize: page_size,
          ...(page_token === undefined ? {} : { pageToken: page_token }),
        })
        return c.json({
          items: page.items.map(toFailureAnswer),
          ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
          total: page.total,
        })
      },
    )
    .get(
      '/insights/:id/artifact',
      route({ summary: `${clusterDetailsPath}, as logged to MLflow`, tag, media: 'application/json' }),
      async (c) => {
        const signal = c.req.raw.signal
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), signal)
        if (record.status !== 'FINISHED') {
          throw new AppError(
            'insight.conflict',
            `The Insight is ${record.status}; its artifact exists once it is FINISHED.`,
          )
        }
        const artifact = await c.var.caller.client.downloadArtifact(
          { runId: record.id, path: clusterDetailsPath },
          { signal },
        )
        return c.body(new Uint8Array(artifact), 200, download(`${record.id}.json`, 'application/json'))
      },
    )
    .get(
      '/insights/:id/export',
      route({
        summary: 'Every trace, or those that match, with summary and cluster, as JSON or CSV',
        tag,
        media: 'text/csv',
      }),
      validate('query', ExportQuery),
      async (c) => {
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
        const titles = titlesOf((await getTree(db, record.id)).clusters)
        const { format, ...asked } = c.req.valid('query')
        const ui = await c.var.caller.client.ui({ signal: c.req.raw.signal })
        const toRow = (trace: InsightTrace): Exported => ({
          ...toInsightTraceRow(trace, record.experimentId, ui),
          cluster_path: titles.get(trace.clusterId ?? '') ?? '',
        })
        const facetNames = (record.spec.lens?.facets ?? []).map(({ name }) => name)
        const rows = readRows(database, record.id, toMatch(asked), toRow)
        const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json'
        const part = asked.cluster === undefined ? '' : `-${asked.cluster.replace(/[^\w.]/g, '')}`
        const lines = format === 'csv' ? toCsv(rows, facetNames) : toJson(rows)
        return c.body(toStream(lines), 200, download(`${record.id}${part}.${format}`, type))
      },
    )
}

type Asked = Omit<z.infer<typeof ExportQuery>, 'format'>

/** What was asked, without the parameters that were left out. */
function toMatch({ trace_ids: traceIds, facet, ...asked }: Asked): TracesMatch {
  const facets = facet?.map((one) => {
    const end = one.indexOf(':')
    return { name: one.slice(0, end), value: one.slice(end + 1) }
  })
  return Object.fromEntries(Object.entries({ ...asked, traceIds, facets }).filter(([, value]) => value !== undefined))
}

/** How many match where that is written down: of all traces and of a whole cluster, once it is finished. */
async function findKnownTotal(db: Db, record: InsightRecord, match: TracesMatch): Promise<number | undefined> {
  if (record.status !== 'FINISHED') return undefined
  const { cluster, ...others } = match
  if (Object.keys(others).length > 0) return undefined
  if (cluster === undefined) return record.counts.summarized
  return cluster.split('.').length > record.depth ? undefined : findClusterSize(db, record.id, cluster)
}

function download(name: string, type: string): Record<string, string> {
  return { 'content-type': type, 'content-disposition': `attachment; filename="insight-${name}"` }
}

/** Not Hono's `stream`, which ends well whatever happens: half an export must not look like a whole one. */
function toStream(lines: AsyncGenerator<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      const next = await lines.next()
      if (next.done === true) controller.close()
      else controller.enqueue(encoder.encode(next.value))
    },
    cancel: async () => void (await lines.return(undefined)),
  })
}

type Exported = InsightTraceRow & { cluster_path: string }
type Titled = { id: string; title: string; children: readonly Titled[] }

function titlesOf(clusters: readonly Titled[], above: readonly string[] = []): Map<string, string> {
  return new Map(
    clusters.flatMap((cluster) => {
      const path = [...above, cluster.title]
      return [[cluster.id, path.join(' › ')] as const, ...titlesOf(cluster.children, path)]
    }),
  )
}

async function* readRows(
  database: Database,
  insightId: string,
  asked: TracesMatch,
  toRow: (trace: InsightTrace) => Exported,
): AsyncGenerator<Exported> {
  for await (const page of readInsightTraces(database.db, insightId, asked)) yield* page.map(toRow)
}

async function* toCsv(rows: AsyncIterable<Exported>, facets: readonly string[]): AsyncGenerator<string> {
  const columns = [
    'trace_id',
    'cluster_id',
    'cluster_path',
    'summary_title',
    'summary',
    'outcome',
    'language',
    'state',
    'request_time',
    'execution_ms',
    'tokens',
    'session',
    'user',
    'request_preview',
  ] as const
  yield toCsvLine([...columns, ...facets.map((name) => `facet_${name}`)])
  for await (const row of rows) {
    yield toCsvLine([...columns.map((column) => row[column]), ...facets.map((name) => row.facets?.[name])])
  }
}

async function* toJson(rows: AsyncIterable<Exported>): AsyncGenerator<string> {
  let separator = '[\n'
  for await (const row of rows) {
    yield separator + JSON.stringify(row)
    separator = ',\n'
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n'
}
