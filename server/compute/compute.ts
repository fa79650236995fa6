import { Worker } from 'node:worker_threads'
import type { Matrix } from '#/clustering/matrix.ts'
import type { Cancellable, Group } from '#/pipeline/ports.ts'
import type { ComputeAnswer, ComputeTask } from './messages.ts'

/** Vectors of short texts, made in a thread of their own. `onProgress` is told a share between 0 and 1. */
export async function featurizeInThread(
  texts: readonly string[],
  options: Cancellable & { seed: number; onProgress?: (share: number) => void },
): Promise<Matrix> {
  const answer = await runInThread({ kind: 'featurize', texts, seed: options.seed }, options)
  if (answer.kind !== 'featurized') throw new Error(`The compute thread answered ${answer.kind}.`)
  return answer.vectors
}

/** The pipeline's `Group` port, in a thread of its own. The vectors go with it: the caller's are empty afterwards. */
export const groupInThread: Group = async (vectors, options, { signal }) => {
  const answer = await runInThread(
    { kind: 'group', vectors, options },
    { signal, transfer: [vectors.data.buffer as ArrayBuffer] },
  )
  if (answer.kind !== 'grouped') throw new Error(`The compute thread answered ${answer.kind}.`)
  return { tree: answer.tree, map: answer.map }
}

/** One task in one thread; an aborted signal ends the thread at once. */
function runInThread(
  task: ComputeTask,
  {
    signal,
    onProgress,
    transfer = [],
  }: Cancellable & { onProgress?: (share: number) => void; transfer?: ArrayBuffer[] },
): Promise<ComputeAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: task, transferList: transfer })
    const settle = (done: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      void worker.terminate()
      done()
    }
    const onAbort = (): void => settle(() => reject(signal.reason as Error))
    signal.addEventListener('abort', onAbort, { once: true })
    worker.on('message', (answer: ComputeAnswer) => {
      if (answer.kind === 'progress') onProgress?.(answer.share)
      else if (answer.kind === 'failed') settle(() => reject(new Error(`${answer.name}: ${answer.message}`)))
      else settle(() => resolve(answer))
    })
    worker.on('error', (error) => settle(() => reject(error)))
    worker.on('exit', (code) => settle(() => reject(new Error(`The compute thread ended with code ${code}.`))))
  })
}
