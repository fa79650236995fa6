import { expect, test } from 'vitest'
import { AppError } from '#/pipeline/errors.ts'
import { noUsage } from '#/pipeline/insight.ts'
import { createMirror } from '#/pipeline/mirror.ts'
import type { ProgressEvent, RunBatch } from '#/pipeline/ports.ts'

const { signal } = new AbortController()

function createSubject(write: (batch: RunBatch) => Promise<void> = async () => {}) {
  const written: (string | undefined)[] = []
  const passed: ProgressEvent[] = []
  let nowMs = 1_000_000
  const mirror = createMirror(
    {
      runId: 'r1',
      now: () => nowMs,
      emit: (event) => passed.push(event),
      tracking: {
        logBatch: async (_runId, batch) => {
          written.push(batch.tags?.['mlflow.insights.progress'])
          await write(batch)
        },
      },
    },
    { signal },
  )
  const progress = (done: number, failed = 0) =>
    mirror.emit({ type: 'progress', stage: 'summarize', done, total: 500, failed, usage: noUsage })
  const later = async (ms: number): Promise<void> => {
    nowMs += ms
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { mirror, progress, written, passed, later }
}

test('every event is passed on, and the run’s tag changes at most once in ten seconds', async () => {
  const { progress, written, passed, later } = createSubject()
  for (let done = 1; done <= 300; done++) {
    progress(done, done > 250 ? 2 : 0)
    await later(100)
  }
  expect(passed).toHaveLength(300)
  expect(written).toEqual(['summarize 1/500', 'summarize 101/500', 'summarize 201/500'])
})

test('a tracking server that is slow or gone neither piles writes up nor stops the job', async () => {
  const gate = Promise.withResolvers<void>()
  const { mirror, progress, written, later } = createSubject(() => gate.promise)
  progress(1)
  await later(60_000)
  progress(2)
  expect(written).toHaveLength(1)
  gate.reject(new AppError('mlflow.unreachable', 'Nobody answers.'))
  await mirror.close()
  progress(3)
  expect(written).toHaveLength(1)
})
