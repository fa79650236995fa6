// Reading a trace for its summary, without holding a large one while the model takes its time.
import { AppError } from './errors.ts'
import type { Cancellable, PipelinePorts } from './ports.ts'
import type { Redacted } from './redact/redactor.ts'
import type { Trace, TraceInfo } from './trace.ts'
import type { RepeatedText } from './transcript/repeated-text.ts'
import { toTranscript } from './transcript/to-transcript.ts'
import type { Transcript } from './transcript/transcript.ts'

type Ports = Pick<PipelinePorts, 'tracking' | 'redact'>

/** A trace as it was recorded, and as everybody but this program may see it. */
export type Reading = Redacted & { recorded: Trace }

/** Text of a trace that stays in memory beside its model call; of a larger one only the transcript stays. */
const heldChars = 500_000

/**
 * The transcript to summarize, and a way back to what was read: at once for an ordinary trace. A large one is let go and
 * read again when it is asked for, so that dozens of them may wait for their model calls. Throws what reading throws, and
 * `trace.empty`.
 */
export async function readTranscript(
  info: TraceInfo,
  known: RepeatedText,
  ports: Ports,
  options: Cancellable,
): Promise<{ transcript: Transcript; reread: () => Promise<Reading> }> {
  const reading = await read(info, ports, options)
  const transcript = toTranscript(reading.trace, { known })
  if (!isLongerThan(heldChars, reading.recorded)) return { transcript, reread: async () => reading }
  // A copy: a part cut out of a long text keeps the whole of it in memory.
  return { transcript: structuredClone(transcript), reread: createReread(info, ports, options) }
}

/** Apart from the function above, so that nothing it closes over leads to the trace. */
function createReread(info: TraceInfo, ports: Ports, options: Cancellable): () => Promise<Reading> {
  return async () => {
    try {
      return await read(info, ports, options)
    } catch (error) {
      if (!(error instanceof AppError) || options.signal.aborted) throw error
      // The summary is there and paid for; only its quotes cannot be checked any more.
      const recorded = { info, spans: [], readShare: 0 }
      return { recorded, ...ports.redact(recorded) }
    }
  }
}

async function read(info: TraceInfo, ports: Ports, options: Cancellable): Promise<Reading> {
  const recorded = await readOne(info, ports, options)
  return { recorded, ...ports.redact(recorded) }
}

/**
 * A trace the server cannot deliver (it breaks off, or takes for ever) looks like a server that is gone. One question tells
 * them apart: if the server answers that, the trace alone is at fault.
 */
async function readOne(info: TraceInfo, { tracking }: Ports, options: Cancellable): Promise<Trace> {
  try {
    return await tracking.readTrace(info, options)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'mlflow.unreachable' || options.signal.aborted) throw error
    await tracking.getTraceInfos({ experimentId: info.experimentId, traceIds: [info.traceId] }, options)
    throw new AppError('trace.unreadable', 'MLflow breaks off when it is asked for this trace.', { cause: error })
  }
}

/** Whether the texts in the spans are longer than this; looks no further than it must. */
function isLongerThan(maxChars: number, { spans }: Trace): boolean {
  let chars = 0
  const open: unknown[] = [spans]
  while (open.length > 0 && chars <= maxChars) {
    const value = open.pop()
    if (typeof value === 'string') chars += value.length
    else if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) open.push(inner)
    // Numbers take room as well.
    else chars += 8
  }
  return chars > maxChars
}
