import type { Matrix } from '#/clustering/matrix/matrix.ts'
import type { Cancellable, Group, NamedNode, Rearrange } from '#/pipeline/ports.ts'
import { openThread } from '../open-thread.ts'
import { type ComputeAnswer, type ComputeTask, type Encoding, type NameInput, transferable } from './messages.ts'

/** Vectors of short texts, made in a thread of their own. `onProgress` is told a share between 0 and 1. */
export async function featurizeInThread(
  texts: readonly string[],
  options: Cancellable & { seed: number; onProgress?: (share: number) => void },
): Promise<Matrix> {
  const answer = await runInThread({ kind: 'featurize', texts, seed: options.seed }, options)
  if (answer.kind !== 'featurized') throw new Error(`The compute thread answered ${answer.kind}.`)
  return answer.vectors
}

/** How many tokens the texts are, by the vocabulary of a model. */
export async function countTokensInThread(
  texts: readonly string[],
  encoding: Encoding,
  options: Cancellable,
): Promise<number> {
  const answer = await runInThread({ kind: 'count_tokens', texts, encoding }, options)
  if (answer.kind !== 'counted') throw new Error(`The compute thread answered ${answer.kind}.`)
  return answer.tokens
}

/** The built-in analyst's names, found in a thread of its own: for 20,000 traces that takes most of a minute. */
export async function nameInThread(input: NameInput, options: Cancellable): Promise<NamedNode[]> {
  const answer = await runInThread({ kind: 'name', input }, options)
  if (answer.kind !== 'named') throw new Error(`The compute thread answered ${answer.kind}.`)
  return answer.names
}

/** The pipeline's `Group` port, in a thread of its own. Vectors in ordinary memory go with it: the caller's are empty afterwards. */
export const groupInThread: Group = async (vectors, options, { signal }) => {
  const answer = await runInThread({ kind: 'group', vectors, options }, { signal, transfer: transferable(vectors) })
  if (answer.kind !== 'grouped') throw new Error(`The compute thread answered ${answer.kind}.`)
  return { tree: answer.tree, map: answer.map }
}

/** The pipeline's `Rearrange` port, in a thread of its own. */
export const rearrangeInThread: Rearrange = async (vectors, grouped, { signal }) => {
  const answer = await runInThread({ kind: 'rearrange', vectors, ...grouped }, { signal })
  if (answer.kind !== 'rearranged') throw new Error(`The compute thread answered ${answer.kind}.`)
  return answer.rearranged
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
    const worker = openThread(new URL('./thread.ts', import.meta.url), { workerData: task, transferList: transfer })
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
