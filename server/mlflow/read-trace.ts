// A trace with its spans, from wherever the server keeps them, in bounded memory.
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable, ReadTrace } from '#/pipeline/ports.ts'
import type { Trace, TraceInfo } from '#/pipeline/trace.ts'
import { answerOf } from './answer-error.ts'
import { createByteBudget } from './byte-budget.ts'
import { cutSpans } from './cut-spans.ts'
import { decodeSpans } from './decode-spans.ts'
import { isCode } from './probe.ts'
import { traceDataAnswer, traceWithSpansAnswer } from './schemas.ts'
import type { HttpAnswer } from '../send.ts'
import { type MlflowRequest, readUpTo, type Transport } from './transport.ts'

const mebibyte = 1024 * 1024
/** What a reader holds before it knows how much is coming. */
const headBytes = mebibyte

const newestArtifactPath = '/ajax-api/3.0/mlflow/get-trace-artifact'
/** All that older servers have, MLflow 3.6 among them. */
const olderArtifactPath = '/ajax-api/2.0/mlflow/get-trace-artifact'

export type ReaderOptions = {
  maxTraceBytes?: number
  maxBytesInFlight?: number
  spanReader?: 'artifact' | 'api'
  getTraceInfo: (traceId: string, options: Cancellable) => Promise<TraceInfo>
}

/**
 * Reads spans with get-trace-artifact, which serves the database, the artifact store and the archive alike (or with
 * traces/get where the spans are in the database and that is wished). A trace beyond `maxTraceBytes` gives the spans at
 * its beginning and the share of bytes they are; one without spans its previews and a share of 0.
 */
export function createTraceReader(transport: Transport, options: ReaderOptions): ReadTrace {
  const maxTraceBytes = options.maxTraceBytes ?? 32 * mebibyte
  const inFlight = Math.max(options.maxBytesInFlight ?? 64 * mebibyte, headBytes * 2)
  // Two budgets so that nobody holds one thing while waiting for more of the same: every reader holds a head; what
  // turns out larger waits for its place among the large ones, and from then on waits for nothing.
  const largeTotal = Math.min(maxTraceBytes, Math.floor(inFlight / 2))
  const heads = createByteBudget(inFlight - largeTotal)
  const large = createByteBudget(largeTotal)
  let artifactPath = newestArtifactPath

  return async (info, { signal }) => {
    const inDatabase = info.tags['mlflow.trace.spansLocation'] === 'TRACKING_STORE'
    const viaApi = options.spanReader === 'api' && inDatabase
    const releaseHead = await heads.take(Math.min(headBytes, maxTraceBytes), signal).catch((error: unknown) => {
      throw toCancelled(error, signal)
    })
    try {
      return await open(info, viaApi, signal)
    } catch (error) {
      return await onFailure(info, error, { signal })
    } finally {
      releaseHead()
    }
  }

  async function open(info: TraceInfo, viaApi: boolean, signal: AbortSignal): Promise<Trace> {
    const asked = artifactPath
    try {
      return await transport.open(viaApi ? askApi(info, signal) : askArtifact(info, asked, signal), (answer) =>
        readAnswer(info, answer, signal),
      )
    } catch (error) {
      if (viaApi || asked === olderArtifactPath || !isCode(error, 'mlflow.unsupported')) throw error
      artifactPath = olderArtifactPath
      return open(info, viaApi, signal)
    }
  }

  async function readAnswer(info: TraceInfo, answer: HttpAnswer, signal: AbortSignal): Promise<Trace> {
    const announced = Number(answer.header('content-length') ?? Number.NaN)
    // A compressed answer says nothing of what it unfolds to.
    const isKnown = Number.isFinite(announced) && answer.header('content-encoding') === undefined
    const expected = isKnown ? announced : (storedBytes(info) ?? maxTraceBytes)
    const releaseLarge =
      expected > headBytes || !isKnown ? await large.take(Math.min(expected, maxTraceBytes), signal) : undefined
    try {
      const { bytes, complete } = await readUpTo(answer, maxTraceBytes)
      if (complete) return { info, spans: decodeSpans(parseSpans(bytes)), readShare: 1 }
      const { spans, readBytes } = cutSpans(bytes)
      const total = Math.max(isKnown ? announced : (storedBytes(info) ?? 0), bytes.byteLength + 1)
      return { info, spans: decodeSpans(spans), readShare: readBytes / total }
    } finally {
      releaseLarge?.()
    }
  }

  async function onFailure(info: TraceInfo, error: unknown, asked: Cancellable): Promise<Trace> {
    if (isCode(error, 'mlflow.not_found') || isWithoutSpans(error)) {
      // No spans, or no trace at all: only the record can tell. It throws `trace.not_found`.
      await options.getTraceInfo(info.traceId, asked)
      return { info, spans: [], readShare: 0 }
    }
    throw toCancelled(error, asked.signal)
  }
}

function askArtifact({ traceId }: TraceInfo, path: string, signal: AbortSignal): MlflowRequest {
  return {
    method: 'GET',
    path,
    query: { request_id: traceId },
    // Compression would hide the length that the memory is planned by, and costs more than it saves on a local network.
    headers: { 'accept-encoding': 'identity' },
    replay: 'safe',
    signal,
  }
}

function askApi({ traceId }: TraceInfo, signal: AbortSignal): MlflowRequest {
  return {
    method: 'GET',
    path: '/api/3.0/mlflow/traces/get',
    // Without allow_partial the server sleeps about three seconds over an unfinished trace.
    query: { trace_id: traceId, allow_partial: 'true' },
    headers: { 'accept-encoding': 'identity' },
    replay: 'safe',
    signal,
  }
}

function parseSpans(bytes: Uint8Array): unknown[] {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new AppError('trace.unreadable', 'The stored spans of this trace are not valid JSON.', { cause: error })
  }
  const whole = traceWithSpansAnswer.safeParse(body)
  if (whole.success) return whole.data.trace.spans
  const data = traceDataAnswer.safeParse(body)
  if (data.success) return data.data.spans
  throw new AppError('trace.unreadable', 'The stored spans of this trace have a shape this program does not know.', {
    cause: data.error,
  })
}

/** Some servers answer traces/get and get-trace-artifact with 500 where there is a record and nothing else. */
function isWithoutSpans(error: unknown): boolean {
  const answer = answerOf(error)
  return (
    answer !== undefined && answer.status >= 500 && /not stored in (the )?tracking store/i.test(answer.serverMessage)
  )
}

/** Bytes of the spans as the server counted them while they arrived. */
function storedBytes(info: TraceInfo): number | undefined {
  const text = info.metadata['mlflow.trace.sizeStats'] ?? '{}'
  const plain = Number(info.metadata['mlflow.trace.sizeBytes'] ?? Number.NaN)
  if (Number.isFinite(plain)) return plain
  const match = /"total_size_bytes"\s*:\s*(\d+)/.exec(text)
  return match === null ? undefined : Number(match[1])
}

function toCancelled(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof AppError || !signal.aborted) return error
  return new AppError('cancelled', 'Stopped on request.', { cause: error })
}
