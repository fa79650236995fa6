// A file of traces into any tracking server: record, spans, assessments; what is there already is left alone.
import pMap from 'p-map'
import { AppError, type ErrorCode } from '#/pipeline/errors.ts'
import type { TraceInfo } from '#/pipeline/trace.ts'
import type { MlflowClient } from '#/server/mlflow/client.ts'
import { answerOf } from '#/server/mlflow/answer-error.ts'
import { isCode } from '#/server/mlflow/probe.ts'
import { emptyAnswer } from '#/server/mlflow/schemas.ts'
import { type OtlpSpan, toOtlpBody, toOtlpSpans, toTraceRecord } from './otlp.ts'
import { type Line, readLines } from './read-lines.ts'
import { parseTraceLine, type TraceLine } from './trace-line.ts'

export type ImportOptions = {
  path: string
  /** Name of the experiment; created where it is missing. */
  experiment: string
  /** Expectations are the answer key: left out unless asked for. */
  withExpectations?: boolean
  /** Writers at once; a tracking server on SQLite gains nothing beyond 8. */
  concurrency?: number
  onProgress?: (progress: ImportProgress) => void
  signal: AbortSignal
}
type ImportProgress = { lines: number; imported: number; unchanged: number; failed: number }
type ImportFailure = { line: number; traceId?: string; code: ErrorCode; message: string }
export type ImportResult = ImportProgress & {
  experimentId: string
  spans: number
  assessments: number
  failures: ImportFailure[]
}

type Entry = { line: number; trace: TraceLine; known?: TraceInfo }

const tracesPerRequest = 20
/** One request of spans is all or nothing: a size a proxy will pass. A single larger trace goes alone. */
const bytesPerRequest = 4 * 1024 * 1024

/** Failures that meet every line alike: the import ends with them instead of listing them once a line. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'cancelled',
  'config.invalid',
  'mlflow.unreachable',
  'mlflow.unauthorized',
  'mlflow.forbidden',
  'mlflow.host_refused',
  'mlflow.unsupported',
  'mlflow.rate_limited',
])

/**
 * Imports every line of the file and may be run again: traces that are complete are left as they are, half-written ones
 * are completed, assessments are added where their name is missing. Lines that cannot be read or written are reported
 * in `failures`. Throws `import.invalid` for a file that cannot be read, and what keeps the server from answering at all.
 */
export async function importTraces(client: MlflowClient, options: ImportOptions): Promise<ImportResult> {
  const { signal } = options
  const experimentId = await client.ensureExperiment(options.experiment, { signal })
  const result: ImportResult = {
    experimentId,
    lines: 0,
    imported: 0,
    unchanged: 0,
    failed: 0,
    spans: 0,
    assessments: 0,
    failures: [],
  }
  const write = createWriter(client, { ...options, experimentId }, result)
  let batch: Line[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    await write(batch)
    batch = []
    bytes = 0
    const { lines, imported, unchanged, failed } = result
    options.onProgress?.({ lines, imported, unchanged, failed })
  }
  for await (const line of readLines(options.path)) {
    // The text of a line is close to the size of its spans.
    if (batch.length >= tracesPerRequest || bytes + line.text.length > bytesPerRequest) await flush()
    batch.push(line)
    bytes += line.text.length
  }
  await flush()
  return result
}

function createWriter(
  client: MlflowClient,
  options: ImportOptions & { experimentId: string },
  result: ImportResult,
): (lines: readonly Line[]) => Promise<void> {
  const { signal, experimentId } = options
  const concurrency = options.concurrency ?? 8

  const fail = (line: number, error: unknown, traceId?: string): void => {
    // What is not ours is a mistake in this program, and ends it.
    if (!(error instanceof AppError) || fatalCodes.has(error.code)) throw error
    result.failed++
    result.failures.push({
      line,
      code: error.code,
      message: error.message,
      ...(traceId === undefined ? {} : { traceId }),
    })
  }

  /** Runs the step for each entry and gives those it did not fail for. */
  async function each(entries: readonly Entry[], step: (entry: Entry) => Promise<void>): Promise<Entry[]> {
    const done = new Set<Entry>()
    await pMap(
      entries,
      async (entry) => {
        try {
          await step(entry)
          done.add(entry)
        } catch (error) {
          fail(entry.line, error, entry.trace.trace_id)
        }
      },
      { concurrency, signal },
    )
    return entries.filter((entry) => done.has(entry))
  }

  function parse(lines: readonly Line[]): Entry[] {
    const entries: Entry[] = []
    const ids = new Set<string>()
    for (const line of lines) {
      result.lines++
      try {
        const trace = parseTraceLine(line)
        if (ids.has(trace.trace_id)) {
          throw new AppError('import.invalid', `Line ${line.number}: the same trace_id stands on a line before.`)
        }
        ids.add(trace.trace_id)
        entries.push({ line: line.number, trace })
      } catch (error) {
        fail(line.number, error)
      }
    }
    return entries
  }

  async function writeRecord({ line, trace, known }: Entry): Promise<void> {
    if (known === undefined) {
      await client.transport.json(emptyAnswer, {
        method: 'POST',
        path: '/api/3.0/mlflow/traces',
        json: toTraceRecord(trace, experimentId),
        replay: 'safe',
        signal,
      })
    } else if (known.experimentId !== experimentId) {
      throw new AppError(
        'import.invalid',
        `Line ${line}: MLflow has this trace already, in experiment ${known.experimentId}.`,
      )
    }
  }

  async function sendSpans(spans: readonly OtlpSpan[]): Promise<void> {
    try {
      // The answer is an empty protobuf, not JSON.
      await client.transport.bytes({
        method: 'POST',
        path: '/v1/traces',
        json: toOtlpBody(spans),
        headers: { 'x-mlflow-experiment-id': experimentId },
        replay: 'safe',
        signal,
      })
    } catch (error) {
      const answer = answerOf(error)
      if (answer !== undefined && /content-type/i.test(answer.serverMessage)) {
        throw new AppError(
          'mlflow.unsupported',
          'This MLflow takes spans only as protobuf; JSON came with MLflow 3.12.',
          {
            cause: error,
          },
        )
      }
      throw error
    }
  }

  /** All spans in one request; where it is refused, trace by trace, so that one bad trace does not take others along. */
  async function writeSpans(entries: readonly Entry[]): Promise<Entry[]> {
    const spans = entries.flatMap(({ trace }) => toOtlpSpans(trace))
    if (spans.length === 0) return [...entries]
    try {
      await sendSpans(spans)
      result.spans += spans.length
      return [...entries]
    } catch (error) {
      if (!isCode(error, 'mlflow.invalid_request')) throw error
      return each(entries, async ({ trace }) => {
        const own = toOtlpSpans(trace)
        if (own.length > 0) await sendSpans(own)
        result.spans += own.length
      })
    }
  }

  async function writeAssessments({ trace, known }: Entry): Promise<void> {
    const names = new Set(known?.assessments.map(({ name }) => name) ?? [])
    for (const assessment of trace.assessments) {
      if (names.has(assessment.name)) continue
      await client.addAssessment(
        {
          traceId: trace.trace_id,
          name: assessment.name,
          source: { type: assessment.source_type, id: assessment.source_id },
          value: { feedback: assessment.value },
          ...(assessment.rationale === undefined ? {} : { rationale: assessment.rationale }),
        },
        { signal },
      )
      result.assessments++
    }
    if (options.withExpectations !== true) return
    for (const [name, expectation] of Object.entries(trace.expectations)) {
      if (names.has(name)) continue
      const source = { type: 'HUMAN', id: 'import' } as const
      await client.addAssessment({ traceId: trace.trace_id, name, source, value: { expectation } }, { signal })
      result.assessments++
    }
  }

  return async (lines) => {
    const entries = parse(lines)
    const traceIds = entries.map(({ trace }) => trace.trace_id)
    const infos =
      (await client.findTraceInfosAnywhere(traceIds, { signal })) ??
      (await client.getTraceInfos({ experimentId, traceIds }, { signal }))
    const known = new Map(infos.map((info) => [info.traceId, info]))
    for (const entry of entries) {
      const info = known.get(entry.trace.trace_id)
      if (info !== undefined) entry.known = info
    }
    // The record first: spans alone would make a trace with other previews, quoted sessions and no tags.
    const recorded = await each(entries, writeRecord)
    const hasSpans = ({ known }: Entry): boolean => known?.tags['mlflow.trace.spansLocation'] !== undefined
    const spanned = [...recorded.filter(hasSpans), ...(await writeSpans(recorded.filter((entry) => !hasSpans(entry))))]
    const complete = await each(spanned, writeAssessments)
    const unchanged = complete.filter(hasSpans).length
    result.imported += complete.length - unchanged
    result.unchanged += unchanged
  }
}
