// The service as the command line sees it: a few routes over plain values, typed by the API's own schemas.
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { ClusterAnswer, ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import type { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import type { InsightEvent } from '#/server/api/schemas/events.ts'
import type { InsightAnswer, ServiceAnswer } from '#/server/api/schemas/insights.ts'
import type { Problem } from '#/server/api/schemas/parts.ts'
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import type { ExperimentAnswer } from '#/server/api/schemas/traces.ts'

export const insightId = '7a88c1f0d2b94e5f8a3b6c7d9e0f1a2b'
const zeroUsage = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, calls: 0, cost_usd: 0 }

export function anInsight(changes: Partial<InsightAnswer> = {}): InsightAnswer {
  return {
    id: insightId,
    name: 'What do customers need?',
    description: '',
    instruction: 'What do customers need?',
    experiment_id: '1',
    experiment_name: 'support',
    status: 'FINISHED',
    stage: 'publish',
    overview: 'Most customers want their money back.\n\nFew are lost.',
    counts: { selected: 10, summarized: 8, skipped: 1, failed: 1, clustered: 7, unassigned: 1 },
    clusters: { total: 3, leaves: 2, depth: 2 },
    usage: zeroUsage,
    created_at: '2026-11-01T10:00:00.000Z',
    updated_at: '2026-11-01T10:00:05.000Z',
    finished_at: '2026-11-01T10:00:05.000Z',
    duration_s: 5.25,
    links: { mlflow_run: 'http://mlflow/#/run', mlflow_traces: 'http://mlflow/#/traces' },
    scope: { filter: '' },
    seed: 1,
    models: { thinking: 'builtin', summary: 'builtin', embedding: 'builtin', reasoning_effort: 'none' },
    prompts: [],
    key_points: [{ text: 'Refunds are slow', share: 0.5, cluster_ids: ['1.1'], evidence: [] }],
    quality: { silhouette: 0.4, stability: null, coverage: 0.9 },
    stage_seconds: {},
    ...changes,
  }
}

const rangeOf = (low: number, high: number) => ({ low, expected: (low + high) / 2, high })
const summarizing = {
  calls: rangeOf(10, 10),
  input_tokens: rangeOf(4_000, 6_000),
  output_tokens: rangeOf(800, 1_200),
  cost_usd: rangeOf(0.1, 0.3),
  duration_s: rangeOf(20, 40),
}

export const anEstimate: EstimateAnswer = {
  traces: { count: 10, sampled: 8 },
  stages: [{ stage: 'summarize', model: 'mini\u001b[2J', learned_from_runs: 0, ...summarizing }],
  total: summarizing,
  untimed_models: [],
  unpriced_models: ['mini\u001b[2J'],
}

export function aCluster(id: string, title: string, changes: Partial<ClusterAnswer> = {}): ClusterAnswer {
  return {
    id,
    title,
    summary: '',
    size: 1,
    share: 0.125,
    keywords: [],
    metrics: { error_rate: 0, outcomes: {}, languages: {} },
    examples: [],
    evidence: [],
    representative_trace_ids: [],
    links: { mlflow_traces: 'http://mlflow/#/traces' },
    children: [],
    ...changes,
  }
}

export const aHierarchy: ClustersAnswer = {
  provisional: false,
  clusters: [
    aCluster('1', 'Money back', {
      size: 5,
      share: 0.625,
      summary: 'Customers want a refund, and wait for it longer than they were told they would.',
      children: [
        aCluster('1.1', 'Refund not received after return', {
          size: 3,
          share: 0.375,
          summary: 'Returned, not refunded.',
        }),
        aCluster('1.2', 'Charged twice', { size: 2, share: 0.25 }),
      ],
    }),
    aCluster('2', 'Cannot sign in', { size: 2, share: 0.25, summary: 'Codes do not arrive.' }),
  ],
  whole: { error_rate: 0, outcomes: {}, languages: {} },
  unassigned: { size: 1, share: 0.125, reasons: { unlike_others: 1 } },
  failed: { size: 1 },
  skipped: { size: 1 },
}

export type ServiceState = {
  experiments: ExperimentAnswer[]
  insight: InsightAnswer
  hierarchy: ClustersAnswer
  /** What each connection to the events route gets, one after the other; then the route is gone. */
  streams: { id?: string; event: InsightEvent }[][]
  trackingUri: string
  /** What was asked, for assertions. */
  seen: {
    created: CreateInsightBody[]
    estimated: CreateInsightBody[]
    lastEventIds: (string | undefined)[]
    authorizations: (string | undefined)[]
    queries: Record<string, string>[]
    cancelled: string[]
    actions: string[]
  }
}

export function createServiceState(changes: Partial<ServiceState> = {}): ServiceState {
  const experiment = (id: string, name: string): ExperimentAnswer => ({ id, name, insights: 0, links: { mlflow: '' } })
  return {
    experiments: [experiment('1', 'support'), experiment('2', 'sales')],
    insight: anInsight(),
    hierarchy: aHierarchy,
    streams: [],
    trackingUri: 'http://127.0.0.1:1',
    seen: { created: [], estimated: [], lastEventIds: [], authorizations: [], queries: [], cancelled: [], actions: [] },
    ...changes,
  }
}

const problem = (status: number, code: Problem['code'], detail: string): Response =>
  Response.json({ type: `urn:${code}`, title: detail, status, code, detail } satisfies Problem, { status })

/** The service's `fetch`. */
export function fakeService(state: ServiceState): typeof fetch {
  const app = new Hono().basePath('/api/v1')
  app.use(async (c, next) => {
    state.seen.authorizations.push(c.req.header('authorization'))
    await next()
  })
  app.get('/service', (c) =>
    c.json({
      version: '0',
      tracking_uri: state.trackingUri,
      tracking: 'embedded',
      database: 'embedded',
      analyst: 'builtin',
      models: { thinking: 'builtin', summary: 'builtin', embedding: 'builtin' },
    } satisfies ServiceAnswer),
  )
  // One a page, so that paging is walked.
  app.get('/experiments', (c) => {
    const at = Number(c.req.query('page_token') ?? 0)
    const more = at + 1 < state.experiments.length ? { next_page_token: String(at + 1) } : {}
    return c.json({ items: state.experiments.slice(at, at + 1), ...more })
  })
  app.post('/insights/estimate', async (c) => {
    state.seen.estimated.push(await c.req.json<CreateInsightBody>())
    return c.json(anEstimate)
  })
  app.post('/insights', async (c) => {
    state.seen.created.push(await c.req.json<CreateInsightBody>())
    return c.json({ id: state.insight.id }, 202)
  })
  app.get('/insights', (c) => {
    state.seen.queries.push(c.req.query())
    return c.json({ items: state.insight.id === '' ? [] : [state.insight], total: 1 })
  })
  app.use('/insights/:id/*', async (c, next) => {
    if (c.req.param('id') === state.insight.id) return next()
    return problem(404, 'insight.not_found', `There is no Insight ${c.req.param('id')}.`)
  })
  app.get('/insights/:id', (c) => c.json(state.insight))
  app.get('/insights/:id/clusters', (c) => c.json(state.hierarchy))
  app.get('/insights/:id/events', (c) => {
    state.seen.lastEventIds.push(c.req.header('last-event-id'))
    const events = state.streams.shift()
    if (events === undefined) return problem(404, 'request.not_found', 'No events here.')
    return streamSSE(c, async (stream) => {
      await stream.write(': still here\n\n')
      for (const { id, event } of events) {
        await stream.writeSSE({ event: event.type, data: JSON.stringify(event), ...(id === undefined ? {} : { id }) })
      }
    })
  })
  app.get('/insights/:id/export', (c) =>
    c.req.query('format') === 'csv'
      ? c.text('trace_id,summary\r\ntr-1,\u001b[31mred\u202e\r\n')
      : c.json([{ trace_id: 'tr-1' }]),
  )
  app.post('/insights/:id/cancel', (c) => {
    if (state.insight.status !== 'RUNNING') {
      return problem(
        409,
        'insight.conflict',
        `The Insight is ${state.insight.status} already; there is nothing to cancel.`,
      )
    }
    state.seen.cancelled.push(state.insight.id)
    return c.json({ ...state.insight, status: 'KILLED' } satisfies InsightAnswer)
  })
  for (const action of ['resume', 'retry-failed', 'restore']) {
    app.post(`/insights/:id/${action}`, (c) => {
      state.seen.actions.push(action)
      return c.json(state.insight)
    })
  }
  app.delete('/insights/:id', (c) => {
    state.seen.actions.push('delete')
    return c.json(state.insight)
  })
  app.post('/insights/:id/recompute', async (c) => {
    state.seen.actions.push(`recompute ${JSON.stringify(await c.req.json())}`)
    return c.json({ id: 'another' }, 202)
  })
  return async (input, init) => app.request(new Request(input, init))
}
