// Every pending trace is read, summarized and made durable on its own: one that fails is recorded and the rest goes on.
import { attemptsOf } from './attempts.ts'
import { createBackground, createBatcher, createGate, createTicker, forEachConcurrent } from './concurrency.ts'
import { AppError, type ErrorCode, isRetryable } from './errors.ts'
import { assessmentId } from './ids.ts'
import {
  addUsage,
  type Failure,
  type InsightSpec,
  noUsage,
  type Summary,
  type SummaryRecord,
  type TraceFacts,
  type Usage,
} from './insight.ts'
import { type FacetValue, type Lens, whyLeftOut } from './lens.ts'
import { ModelCallError } from './model/complete.ts'
import { assessmentName, shorten } from './names.ts'
import type { Analyst, AssessmentRecord, Cancellable, PipelinePorts } from './ports.ts'
import { toLiteralQuote } from './redact/literal-quote.ts'
import type { Trace, TraceInfo } from './trace.ts'
import { readTranscript } from './trace-reading.ts'
import { createRepeatedText } from './transcript/repeated-text.ts'
import { isVerbatim } from './transcript/span-text.ts'

/** Traces whose infos are asked for, and whose records are saved, in one go. */
const chunkSize = 50
/** Traces beside those the analyst reads: fetched before their turn, or looked through after it. A quarter, at most so many. */
const mostBeside = 8
/** Writers to the tracking server; more than this gains nothing there (measured on SQLite and PostgreSQL stores). */
export const writeConcurrency = 8

type Ports = Pick<PipelinePorts, 'tracking' | 'analyst' | 'checkpoints' | 'emit' | 'redact'>
type Outcome =
  | { kind: 'summary'; record: SummaryRecord }
  | { kind: 'failure'; failure: Failure; usage: Usage }
  | { kind: 'skipped'; traceId: string; code: string; message: string; usage: Usage }

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
    const spentOn = (kind: 'failure' | 'skipped'): Usage =>
      outcomes.map((outcome) => (outcome.kind === kind ? outcome.usage : noUsage)).reduce(addUsage)
    if (failures.length > 0) await ports.checkpoints.saveFailures(failures, spentOn('failure'))
    if (skipped.length > 0) {
      const plain = skipped.map(({ traceId, code, message }) => ({ traceId, code, message }))
      await ports.checkpoints.saveSkipped(plain, spentOn('skipped'))
    }
  }, chunkSize)
  const publisher = createAssessmentPublisher(runId, ports, options)
  const afterwards = createBackground(chunkSize)
  // The analyst's places are what a job is bound by: none of them stays empty while a trace is fetched or a quote checked.
  const places = createGate(spec.concurrency)
  const summarize: Analyst['summarize'] = (asked, how) =>
    places.run(async () => {
      how.signal.throwIfAborted()
      return await ports.analyst.summarize(asked, how)
    })
  const beside = Math.min(mostBeside, Math.ceil(spec.concurrency / 4))

  const outage = createOutageDetector()
  try {
    await forEachConcurrent(
      pendingInfos({ ports, experimentId: spec.experimentId }, options),
      { concurrency: spec.concurrency + beside, signal: options.signal },
      async ({ traceId, ordinal, info }) => {
        const outcome = await summarizeOne(
          { traceId, ordinal, info, instruction: spec.instruction, lens: spec.lens },
          { ...ports, summarize },
          known,
          options,
        )
        outage.observe(outcome)
        // The next trace is read while this one is saved. Saved first, written to MLflow after: the other way round, a
        // killed job would leave one text in the assessment and summarize anew into another.
        await afterwards.start(async () => {
          await save.add(outcome)
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
    const traceIds = page.map(({ traceId }) => traceId)
    const infos = await ports.tracking.getTraceInfos({ experimentId, traceIds }, options)
    const byId = new Map(infos.map((info) => [info.traceId, info]))
    for (const { traceId, ordinal } of page) yield { traceId, ordinal, info: byId.get(traceId) }
  }
}

async function summarizeOne(
  item: { traceId: string; ordinal: number; info: TraceInfo | undefined; instruction: string; lens: Lens | undefined },
  ports: Ports & Pick<Analyst, 'summarize'>,
  known: ReturnType<typeof createRepeatedText>,
  options: Cancellable,
): Promise<Outcome> {
  const { traceId, ordinal, info } = item
  try {
    if (info === undefined) throw new AppError('trace.not_found', 'The trace was deleted after it had been selected.')
    // Nobody sees what was masked: not the analyst, and not what is kept.
    const { transcript, reread } = await readTranscript(info, known, ports, options)
    const { instruction, lens } = item
    const words = await ports.summarize({ instruction, lens, transcript }, options)
    const leftOut = whyLeftOut(lens, words.facets)
    if (leftOut !== undefined) {
      return { kind: 'skipped', traceId, code: 'trace.left_out', message: leftOut, usage: words.usage }
    }
    const { recorded, trace, mask } = await reread()
    const summary = keepVerifiedEvidence(maskWords(words, mask), { recorded, masked: trace })
    return { kind: 'summary', record: { traceId, ordinal, summary, facts: toFacts(trace.info) } }
  } catch (error) {
    if (options.signal.aborted) throw error
    if (!(error instanceof AppError)) throw error
    if (error.code === 'trace.empty')
      return { kind: 'skipped', traceId, code: error.code, message: error.message, usage: noUsage }
    if (isTotal(error)) throw error
    return {
      kind: 'failure',
      failure: toFailure(traceId, error),
      usage: error instanceof ModelCallError ? error.usage : noUsage,
    }
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
      if (outcome.kind !== 'failure' || !isRetryable[outcome.failure.code as ErrorCode]) {
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
    attempts: attemptsOf(error),
    next: toNextStep(error),
  }
}

/** What would help: the same again where the cause may pass (also one further down), a setting, or nothing. */
function toNextStep(error: AppError): Failure['next'] {
  const mayPass = isRetryable[error.code] || (error.cause instanceof AppError && isRetryable[error.cause.code])
  return mayPass ? 'retry' : helpedBySettings.has(error.code) ? 'settings' : 'none'
}

/** Another model or other rights may do what these ones would not. */
const helpedBySettings: ReadonlySet<ErrorCode> = new Set([
  'model.refused',
  'model.too_long',
  'model.invalid_request',
  'mlflow.forbidden',
])

/** An analyst may put together what the trace held in pieces: its words are looked through like the trace itself. */
function maskWords(summary: Summary, mask: (text: string) => string): Summary {
  const { title, text, groupingText, facets } = summary
  const maskValue = (value: FacetValue): FacetValue => (typeof value === 'string' ? mask(value) : value)
  const masked = facets && Object.entries(facets).map(([name, value]) => [name, maskValue(value)] as const)
  return {
    ...summary,
    title: mask(title),
    text: mask(text),
    groupingText: mask(groupingText),
    ...(masked === undefined ? {} : { facets: Object.fromEntries(masked) }),
  }
}

/**
 * A quote counts only when its span really says it; whatever the analyst claims, it is checked here. It must stand in the
 * span as recorded, so that anybody can find it there, and in the span as masked, so that it gives nothing away.
 */
function keepVerifiedEvidence(summary: Summary, { recorded, masked }: { recorded: Trace; masked: Trace }): Summary {
  const says = (trace: Trace, spanId: string, quote: string): boolean => {
    const span = trace.spans.find((one) => one.spanId === spanId)
    return span !== undefined && isVerbatim(quote, span)
  }
  const evidence = summary.evidence.flatMap((item) => {
    const quote = toLiteralQuote(item.quote)
    if (quote === undefined || !says(recorded, item.spanId, quote) || !says(masked, item.spanId, quote)) return []
    return [{ ...item, quote, verified: true }]
  })
  const dropped = (summary.droppedQuotes ?? 0) + summary.evidence.length - evidence.length
  return { ...summary, evidence, ...(dropped === 0 ? {} : { droppedQuotes: dropped }) }
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
