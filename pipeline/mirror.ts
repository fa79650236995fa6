// Where a job stands, for whoever looks at its run in MLflow.
import { type Cancellable, type Emit, type Tracking } from './ports.ts'

/** Often enough for a person who reloads a page, and never felt by the server. */
const everyMs = 10_000

/**
 * Passes events on, and writes the newest progress into a tag of the run, one write at a time and at most one in ten seconds.
 * A write that fails is no loss: the next one says more. `close` waits for the one under way.
 */
export function createMirror(
  {
    runId,
    tracking,
    emit,
    now,
  }: { runId: string; tracking: Pick<Tracking, 'logBatch'>; emit: Emit; now: () => number },
  options: Cancellable,
): { emit: Emit; close: () => Promise<void> } {
  let writing: Promise<void> | undefined
  let writtenMs = -Infinity
  let isClosed = false
  return {
    emit: (event) => {
      emit(event)
      if (event.type !== 'progress' || isClosed || writing !== undefined || now() - writtenMs < everyMs) return
      writtenMs = now()
      const { stage, done, total, failed } = event
      const progress = `${stage} ${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}`
      writing = tracking
        .logBatch(runId, { tags: { 'mlflow.insights.progress': progress } }, options)
        .catch(() => undefined)
        .finally(() => {
          writing = undefined
        })
    },
    close: async () => {
      isClosed = true
      await writing
    },
  }
}
