// The Traces tab: experiments, their traces, a live match count, and one trace with all that is known of it.
import { Hono } from 'hono'
import { AppError } from '#/pipeline/errors.ts'
import type { Trace } from '#/pipeline/trace.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import type { Db } from '#/server/db/database.ts'
import { listMemberships } from '#/server/db/insight-traces.ts'
import { countByExperiment } from '#/server/db/insights.ts'
import { toExperimentLink } from '#/server/mlflow/links.ts'
import { toEvidenceAnswer, toTraceAnswer } from './answers.ts'
import type { CallerEnv } from './caller.ts'
import { CountAnswer } from './schemas/parts.ts'
import { CountBody, ExperimentTracesQuery, PageQuery } from './schemas/requests.ts'
import { ExperimentAnswer, ExperimentList, TraceDetail, TraceList } from './schemas/traces.ts'
import { route, validate } from './validate.ts'

const tag = 'Traces'

export function experimentRoutes({ db }: { db: Db }) {
  return new Hono<CallerEnv>()
    .get(
      '/experiments',
      route({ summary: 'Experiments the caller may read', tag, answer: ExperimentList }),
      validate('query', PageQuery),
      async (c) => {
        const { page_size, page_token } = c.req.valid('query')
        const { client } = c.var.caller
        const signal = c.req.raw.signal
        const [page, counts, ui] = await Promise.all([
          client.searchExperiments(
            { maxResults: page_size, ...(page_token === undefined ? {} : { pageToken: page_token }) },
            { signal },
          ),
          countByExperiment(db),
          client.ui({ signal }),
        ])
        return c.json({
          items: page.experiments.map((experiment) => ({
            id: experiment.experimentId,
            name: experiment.name,
            insights: counts.get(experiment.experimentId) ?? 0,
            links: { mlflow: toExperimentLink(ui, experiment.experimentId) },
          })),
          ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
        })
      },
    )
    .get('/experiments/:id', route({ summary: 'One experiment', tag, answer: ExperimentAnswer }), async (c) => {
      const signal = c.req.raw.signal
      const experiment = await c.var.caller.getExperiment(c.req.param('id'), signal)
      const [counts, ui] = await Promise.all([countByExperiment(db), c.var.caller.client.ui({ signal })])
      return c.json({
        id: experiment.experimentId,
        name: experiment.name,
        insights: counts.get(experiment.experimentId) ?? 0,
        links: { mlflow: toExperimentLink(ui, experiment.experimentId) },
      })
    })
    .get(
      '/experiments/:id/traces',
      route({ summary: 'A page of traces, by MLflow’s filter string', tag, answer: TraceList }),
      validate('query', ExperimentTracesQuery),
      async (c) => {
        const { filter, sort, order, page_size, page_token } = c.req.valid('query')
        const { caller } = c.var
        const signal = c.req.raw.signal
        const id = c.req.param('id')
        await caller.getExperiment(id, signal)
        const [page, ui] = await Promise.all([
          caller.client.findTracePage(
            {
              experimentIds: [id],
              filter,
              maxResults: page_size,
              orderBy: [`${sort === 'request_time' ? 'timestamp_ms' : 'execution_time_ms'} ${order.toUpperCase()}`],
              ...(page_token === undefined ? {} : { pageToken: page_token }),
            },
            { signal },
          ),
          caller.client.ui({ signal }),
        ])
        return c.json({
          items: page.traces.map((info) => toTraceAnswer(info, ui)),
          ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
        })
      },
    )
    .post(
      '/experiments/:id/traces/count',
      route({ summary: 'How many traces match a filter', tag, answer: CountAnswer }),
      validate('json', CountBody),
      async (c) => {
        const signal = c.req.raw.signal
        const id = c.req.param('id')
        await c.var.caller.getExperiment(id, signal)
        const { count } = await c.var.caller.client.countTraces(
          { experimentId: id, filter: c.req.valid('json').filter },
          { signal },
        )
        return c.json({ total: count })
      },
    )
    .get(
      '/traces/:id',
      route({
        summary: 'One trace: spans, conversation, assessments, and the Insights it is in',
        tag,
        answer: TraceDetail,
      }),
      async (c) => {
        const signal = c.req.raw.signal
        const { caller } = c.var
        const info = await caller.client.getTraceInfo(c.req.param('id'), { signal })
        const [trace, memberships, ui] = await Promise.all([
          readTraceOrPreviews(() => caller.client.readTrace(info, { signal }), { info, spans: [], readShare: 0 }),
          listMemberships(db, info.traceId),
          caller.client.ui({ signal }),
        ])
        return c.json({
          ...toTraceAnswer(info, ui),
          ...toContents(trace),
          insights: memberships.map((membership) => toMembership(info.traceId, membership)),
        })
      },
    )
}

/** A trace whose spans cannot be had still shows what is known of it. */
async function readTraceOrPreviews(read: () => Promise<Trace>, previews: Trace): Promise<Trace> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof AppError && (error.code === 'trace.unreadable' || error.code === 'trace.not_found'))
      return previews
    throw error
  }
}

function toContents(trace: Trace): Pick<TraceDetail, 'spans' | 'conversation' | 'read_share'> {
  const transcript = toTranscript(trace, { known: createRepeatedText() })
  const startMs = trace.spans[0]?.startMs ?? trace.info.requestTimeMs
  return {
    read_share: transcript.readShare,
    conversation: transcript.turns.map(({ kind, spanId, name, text }) => ({
      kind,
      span_id: spanId,
      ...(name === undefined ? {} : { name }),
      text,
    })),
    spans: trace.spans.map((span) => ({
      span_id: span.spanId,
      parent_id: span.parentId,
      name: span.name,
      type: span.type,
      start_ms: span.startMs - startMs,
      ...(span.endMs === undefined ? {} : { duration_ms: span.endMs - span.startMs }),
      status: span.status,
      status_message: span.statusMessage,
      inputs: span.inputs,
      outputs: span.outputs,
      attributes: span.attributes,
      events: span.events.map(({ name, attributes }) => ({ name, attributes })),
    })),
  }
}

function toMembership(
  traceId: string,
  membership: Awaited<ReturnType<typeof listMemberships>>[number],
): TraceDetail['insights'][number] {
  return {
    insight_id: membership.insightId,
    insight_name: membership.insightName,
    instruction: membership.instruction,
    cluster_id: membership.clusterId,
    cluster_path: membership.clusterPath,
    summary_title: membership.title,
    summary: membership.text,
    outcome: membership.outcome,
    ...(membership.facets === null ? {} : { facets: membership.facets }),
    reason: membership.reason,
    evidence: membership.evidence.map((item) => toEvidenceAnswer({ traceId, ...item })),
    read_share: membership.readShare,
  }
}
