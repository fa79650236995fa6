// Every pending trace is read, summarized and made durable on its own: one that fails is recorded and the rest goes on.
import { createBatcher, forEachConcurrent } from './concurrency.ts'
import { AppError, isRetryable } from './errors.ts'
import { assessmentId } from './ids.ts'
import type { Failure, InsightSpec, Summary, SummaryRecord, TraceFacts } from './insight.ts'
import { assessmentName, shorten } from './names.ts'
import type { AssessmentRecord, Cancellable, PipelinePorts } from './ports.ts'
import type { Trace, TraceInfo } from './trace.ts'
import { createRepeatedText } from './transcript/repeated-text.ts'
import { isVerbatim } from './transcript/span-text.ts'
import { toTranscript } from './transcript/to-transcript.ts'

/** Traces whose infos are asked for, and whose records are saved, in one go. */
const chunkSize = 50
/** Writers to the tracking server; more than this gains nothing there (measured on SQLite and PostgreSQL stores). */
export const writeConcurrency = 8

type Ports = Pick<PipelinePorts, 'tracking' | 'analyst' | 'checkpoints' | 'emit'>
type Outcome =
  | { kind: 'summary'; record: SummaryRecord }
  | { kind: 'failure'; failure: Failure }
  | { kind: 'skipped'; traceId: string; code: string; message: string }

/** Summarizes what is pending, and writes each summary to its trace as an assessment while the next ones are read. */
export async function summarizePending(
  input: { runId: string; spec: InsightSpec },
  ports: Ports,
  options: Cancellable & { onDone: (outcome: Outcome) => void },
): Promise<void> {
  const { spec, runId } = input
  const known = createRepeatedText()
  const save = createBatcher<Outcome>(async (outcomes) => {
    const records = outcomes.flatMap((outcome) => (outcome.kind === 'summary' ? [outcome.record] : []))
    const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failure' ? [outcome.failure] : []))
    const skipped = outcomes.flatMap((outcome) => (outcome.kind === 'skipped' ? [outcome] : []))
    if (records.length > 0) await ports.checkpoints.saveSummaries(records)
    if (failures.length > 0) await ports.checkpoints.saveFailures(failures)
    if (skipped.length > 0) await ports.checkpoints.saveSkipped(skipped)
  }, chunkSize)
  const publisher = createAssessmentPublisher(runId, ports, options)

  await forEachConcurrent(
    pendingInfos(ports, options),
    { concurrency: spec.concurrency, signal: options.signal },
    async ({ traceId, ordinal, info }) => {
      const outcome = await summarizeOne(
        { traceId, ordinal, info, instruction: spec.instruction },
        ports,
        known,
        options,
      )
      await save.add(outcome)
      options.onDone(outcome)
      if (outcome.kind === 'summary') await publisher.add(outcome.record)
    },
  )
  await publisher.finish()
}

async function* pendingInfos(
  ports: Ports,
  options: Cancellable,
): AsyncGenerator<{ traceId: string; ordinal: number; info: TraceInfo | undefined }> {
  for await (const page of ports.checkpoints.pending()) {
    const infos = await ports.tracking.getTraceInfos(
      page.map(({ traceId }) => traceId),
      options,
    )
    const byId = new Map(infos.map((info) => [info.traceId, info]))
    for (const { traceId, ordinal } of page) yield { traceId, ordinal, info: byId.get(traceId) }
  }
}

async function summarizeOne(
  item: { traceId: string; ordinal: number; info: TraceInfo | undefined; instruction: string },
  ports: Ports,
  known: ReturnType<typeof createRepeatedText>,
  options: Cancellable,
): Promise<Outcome> {
  const { traceId, ordinal, info } = item
  try {
    if (info === undefined) throw new AppError('trace.not_found', 'The trace was deleted after it had been selected.')
    const trace = await ports.tracking.readTrace(info, options)
    const transcript = toTranscript(trace, { known })
    const summary = await ports.analyst.summarize({ instruction: item.instruction, transcript }, options)
    return {
      kind: 'summary',
      record: { traceId, ordinal, summary: keepVerifiedEvidence(summary, trace), facts: toFacts(info) },
    }
  } catch (error) {
    if (options.signal.aborted) throw error
    if (!(error instanceof AppError)) throw error
    if (error.code === 'trace.empty') return { kind: 'skipped', traceId, code: error.code, message: error.message }
    if (isTotal(error)) throw error
    return { kind: 'failure', failure: toFailure(traceId, error) }
  }
}

/** Errors that would hit every other trace alike: better to stop, and go on when they are mended. */
function isTotal(error: AppError): boolean {
  return [
    'mlflow.unreachable',
    'mlflow.unauthorized',
    'mlflow.host_refused',
    'model.unauthorized',
    'model.not_found',
    'database.unavailable',
  ].includes(error.code)
}

function toFailure(traceId: string, error: AppError): Failure {
  return {
    traceId,
    stage: 'summarize',
    code: error.code,
    message: shorten(error.message, 500),
    attempts: 1,
    next: isRetryable[error.code] ? 'retry' : 'none',
  }
}

/** A quote counts only when its span really says it; whatever the analyst claims, it is checked here. */
function keepVerifiedEvidence(summary: Summary, trace: Trace): Summary {
  const spans = new Map(trace.spans.map((span) => [span.spanId, span]))
  const evidence = summary.evidence.flatMap((item) => {
    const span = spans.get(item.spanId)
    return span !== undefined && isVerbatim(item.quote, span) ? [{ ...item, verified: true }] : []
  })
  return { ...summary, evidence }
}

function toFacts(info: TraceInfo): TraceFacts {
  const votes = info.assessments.filter(
    (assessment) => assessment.kind === 'feedback' && assessment.valid && assessment.name !== assessmentName,
  )
  return {
    requestTimeMs: info.requestTimeMs,
    ...(info.executionMs === undefined ? {} : { executionMs: info.executionMs }),
    state: info.state,
    ...(info.tokens === undefined ? {} : { totalTokens: info.tokens.totalTokens }),
    ...(info.costUsd === undefined ? {} : { costUsd: info.costUsd }),
    feedback: {
      positive: votes.filter(({ value }) => value === true).length,
      negative: votes.filter(({ value }) => value === false).length,
    },
    requestPreview: info.requestPreview,
    ...(info.session === undefined ? {} : { session: info.session }),
    ...(info.user === undefined ? {} : { user: info.user }),
  }
}

/** The assessment of a summary; what it says of the cluster is added once there are clusters. */
export function toAssessment(runId: string, record: SummaryRecord, promptVersion: string): AssessmentRecord {
  const { summary } = record
  return {
    assessmentId: assessmentId(runId, record.traceId),
    traceId: record.traceId,
    name: assessmentName,
    value: shorten(summary.text, 7_500),
    source: summary.model === 'builtin' ? { type: 'CODE', id: 'builtin' } : { type: 'LLM_JUDGE', id: summary.model },
    metadata: {
      'mlflow.assessment.sourceRunId': runId,
      'mlflow.insights.title': summary.title,
      'mlflow.insights.outcome': summary.outcome,
      'mlflow.insights.prompt_version': promptVersion,
      'mlflow.insights.input_tokens': String(summary.usage.inputTokens),
      'mlflow.insights.output_tokens': String(summary.usage.outputTokens),
    },
  }
}

/** Which prompt a summary was written with, as `name@version`. */
export function summaryPromptVersion(analyst: PipelinePorts['analyst']): string {
  const prompt = analyst.prompts.find(({ name }) => name.startsWith('summarize'))
  return prompt === undefined ? analyst.models.summary : `${prompt.name}@${prompt.version}`
}

/**
 * Writes assessments beside the summarizing, a bounded number at a time: `add` waits when the tracking server is the
 * slower of the two, so nothing piles up. A write that fails here is no loss: publishing writes whatever is missing.
 */
function createAssessmentPublisher(
  runId: string,
  ports: Ports,
  options: Cancellable,
): { add: (record: SummaryRecord) => Promise<void>; finish: () => Promise<void> } {
  const promptVersion = summaryPromptVersion(ports.analyst)
  const underWay = new Set<Promise<void>>()
  const markWritten = createBatcher<string>((ids) => ports.checkpoints.markPublished('assessment', ids), chunkSize)
  let isBroken = false
  const write = async (record: SummaryRecord): Promise<void> => {
    try {
      await ports.tracking.createAssessment(toAssessment(runId, record, promptVersion), options)
      await markWritten.add(record.traceId)
    } catch (error) {
      if (!isBroken)
        ports.emit({ type: 'log', level: 'warn', message: 'Some summaries could not be written to MLflow yet.' })
      isBroken = error instanceof AppError && isTotal(error)
    }
  }
  return {
    add: async (record) => {
      if (isBroken) return
      while (underWay.size >= writeConcurrency) await Promise.race(underWay)
      const writing: Promise<void> = write(record).finally(() => underWay.delete(writing))
      underWay.add(writing)
    },
    finish: async () => {
      await Promise.all(underWay)
    },
  }
}
