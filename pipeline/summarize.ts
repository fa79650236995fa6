// Every pending trace is read, summarized and made durable on its own: one that fails is recorded and the rest goes on.
import { createBackground, createBatcher, createTicker, forEachConcurrent } from './concurrency.ts'
import { AppError, type ErrorCode, isRetryable } from './errors.ts'
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
  const afterwards = createBackground(chunkSize)

  const outage = createOutageDetector()
  try {
    await forEachConcurrent(
      pendingInfos({ ports, experimentId: spec.experimentId }, options),
      { concurrency: spec.concurrency, signal: options.signal },
      async ({ traceId, ordinal, info }) => {
        const outcome = await summarizeOne(
          { traceId, ordinal, info, instruction: spec.instruction },
          ports,
          known,
          options,
        )
        // The next trace is read while this one is saved. Saved first, written to MLflow after: the other way round, a
        // killed job would leave one text in the assessment and summarize anew into another.
        await afterwards.start(async () => {
          await save.add(outcome)
          outage.observe(outcome)
          options.onDone(outcome)
          if (outcome.kind === 'summary') await publisher.add(outcome.record)
        })
      },
    )
  } finally {
    // Whatever happens, nothing may still be writing when the next attempt begins.
    try {
      await afterwards.settled()
    } finally {
      await publisher.finish()
    }
  }
}

async function* pendingInfos(
  { ports, experimentId }: { ports: Ports; experimentId: string },
  options: Cancellable,
): AsyncGenerator<{ traceId: string; ordinal: number; info: TraceInfo | undefined }> {
  for await (const page of ports.checkpoints.pending()) {
    const infos = await ports.tracking.getTraceInfos(
      page.map(({ traceId }) => traceId),
      options,
    )
    const byId = new Map(infos.filter((info) => info.experimentId === experimentId).map((info) => [info.traceId, info]))
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
    const trace = await readOne(info, ports, options)
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

/**
 * A trace the server cannot deliver (it breaks off, or takes for ever) looks like a server that is gone. One question tells
 * them apart: if the server answers that, the trace alone is at fault.
 */
async function readOne(info: TraceInfo, ports: Ports, options: Cancellable): Promise<Trace> {
  try {
    return await ports.tracking.readTrace(info, options)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'mlflow.unreachable' || options.signal.aborted) throw error
    await ports.tracking.getTraceInfos([info.traceId], options)
    throw new AppError('trace.unreadable', 'MLflow breaks off when it is asked for this trace.', { cause: error })
  }
}

/** So many failures in a row, all with one cause that passes, are an outage and not so many bad traces. */
const outageLength = 20

/** Throws the cause when an outage is under way: the job waits and goes on, instead of failing trace after trace. */
function createOutageDetector(): { observe: (outcome: Outcome) => void } {
  let code = ''
  let length = 0
  return {
    observe: (outcome) => {
      if (outcome.kind !== 'failure' || outcome.failure.next !== 'retry') {
        length = 0
        return
      }
      length = outcome.failure.code === code ? length + 1 : 1
      code = outcome.failure.code
      if (length >= outageLength)
        throw new AppError(code as ErrorCode, `${length} traces in a row failed: ${outcome.failure.message}`)
    },
  }
}

/** Errors that would hit every other trace alike: better to stop, and go on when they are mended. */
function isTotal(error: AppError): boolean {
  return [
    'mlflow.unreachable',
    'mlflow.unauthorized',
    'mlflow.host_refused',
    'model.unreachable',
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
  const writes = createBackground(writeConcurrency)
  const written = createTicker<string>((ids) => ports.checkpoints.markPublished('assessment', ids), chunkSize)
  let isBroken = false
  const write = async (record: SummaryRecord): Promise<void> => {
    try {
      await ports.tracking.createAssessment(toAssessment(runId, record, promptVersion), options)
    } catch (error) {
      if (isBroken || options.signal.aborted) return
      // The client has tried for minutes by now; publishing tries again when all summaries are there.
      isBroken = !(error instanceof AppError) || isRetryable[error.code] || isTotal(error)
      ports.emit({ type: 'log', level: 'warn', message: 'Some summaries could not be written to MLflow yet.' })
      return
    }
    written.add(record.traceId)
  }
  return {
    add: async (record) => {
      if (!isBroken) await writes.start(() => write(record))
    },
    finish: async () => {
      await writes.settled()
      await written.settled()
    },
  }
}
