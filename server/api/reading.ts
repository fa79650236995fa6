// What an Insight says: its tree, the traces of a cluster, the map, failures, the artifact, and exports.
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { AppError } from '#/pipeline/errors.ts'
import { clusterDetailsPath } from '#/pipeline/names.ts'
import type { Database } from '#/server/db/database.ts'
import {
  countOutside,
  listFailures,
  listInsightTraces,
  readInsightTraces,
  readMap,
} from '#/server/db/insight-traces.ts'
import { getTree } from '#/server/db/insights.ts'
import { toClusterAnswer, toFailureAnswer, toInsightTraceRow, toWholeAnswer } from './answers.ts'
import type { CallerEnv } from './caller.ts'
import { toCsvLine } from './csv.ts'
import { getVisibleInsight } from './insights.ts'
import {
  ClustersAnswer,
  ExportQuery,
  FailureList,
  InsightTraceList,
  InsightTracesQuery,
  type InsightTraceRow,
  MapAnswer,
  PageQuery,
} from './schemas.ts'
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
      return c.json({
        clusters: tree.clusters.map((cluster) => toClusterAnswer(cluster, insight, ui)),
        whole: toWholeAnswer(tree.whole),
        unassigned: {
          size: outside.unassigned,
          share: record.counts.summarized === 0 ? 0 : outside.unassigned / record.counts.summarized,
          reasons: outside.reasons,
        },
        failed: { size: outside.failed },
      })
    })
    .get(
      '/insights/:id/traces',
      route({
        summary: 'Traces of the Insight, of a cluster with all below it, `unassigned` or `failed`',
        tag,
        answer: InsightTraceList,
      }),
      validate('query', InsightTracesQuery),
      async (c) => {
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
        const { page_size, page_token, cluster, search, state, outcome, sort, order } = c.req.valid('query')
        const page = await listInsightTraces(db, record.id, {
          sort,
          order,
          pageSize: page_size,
          ...(page_token === undefined ? {} : { pageToken: page_token }),
          ...(cluster === undefined ? {} : { cluster }),
          ...(search === undefined ? {} : { search }),
          ...(state === undefined ? {} : { state }),
          ...(outcome === undefined ? {} : { outcome }),
        })
        return c.json({
          items: page.items.map(toInsightTraceRow),
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
        summary: 'Traces that could not be done, with the reason and what would help',
        tag,
        answer: FailureList,
      }),
      validate('query', PageQuery),
      async (c) => {
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
        const { page_size, page_token } = c.req.valid('query')
        const page = await listFailures(db, record.id, {
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
      route({ summary: 'Every trace with its summary and cluster, as JSON or CSV', tag, media: 'text/csv' }),
      validate('query', ExportQuery),
      async (c) => {
        const record = await getVisibleInsight(database, c.var.caller, c.req.param('id'), c.req.raw.signal)
        const titles = titlesOf((await getTree(db, record.id)).clusters)
        const { format } = c.req.valid('query')
        const rows = readRows(database, record.id, titles)
        const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json'
        for (const [name, value] of Object.entries(download(`${record.id}.${format}`, type))) c.header(name, value)
        return stream(c, async (out) => {
          for await (const part of format === 'csv' ? toCsv(rows) : toJson(rows)) {
            if (out.aborted) return
            await out.write(part)
          }
        })
      },
    )
}

function download(name: string, type: string): Record<string, string> {
  return { 'content-type': type, 'content-disposition': `attachment; filename="insight-${name}"` }
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
  titles: ReadonlyMap<string, string>,
): AsyncGenerator<Exported> {
  for await (const page of readInsightTraces(database.db, insightId)) {
    for (const trace of page)
      yield { ...toInsightTraceRow(trace), cluster_path: titles.get(trace.clusterId ?? '') ?? '' }
  }
}

async function* toCsv(rows: AsyncIterable<Exported>): AsyncGenerator<string> {
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
  yield toCsvLine(columns)
  for await (const row of rows) yield toCsvLine(columns.map((column) => row[column]))
}

async function* toJson(rows: AsyncIterable<Exported>): AsyncGenerator<string> {
  let separator = '[\n'
  for await (const row of rows) {
    yield separator + JSON.stringify(row)
    separator = ',\n'
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n'
}
