// The serving thread's handle on the reading threads.
import { Worker } from 'node:worker_threads'
import { TrackingError } from './errors.ts'
import type { ReaderAnswer } from './reader-thread.ts'
import type { ReadRequest } from './trace-reader.ts'

export type Reader = { read: (request: ReadRequest) => Promise<string>; close: () => Promise<void> }

type Waiting = { resolve: (body: string) => void; reject: (error: Error) => void }

/** Two threads: one slow full-text search leaves the other for everybody else. */
const threadCount = 2

export function startReader(dataDir: string): Reader {
  const threads = Array.from({ length: threadCount }, () => startThread(dataDir))
  return {
    read: async (request) => {
      const idle = threads.reduce((best, thread) => (thread.waiting.size < best.waiting.size ? thread : best))
      return idle.read(request)
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

function startThread(dataDir: string): Reader & { waiting: ReadonlyMap<number, Waiting> } {
  // No flags are handed down: a test runner's loaders have no business in here.
  const worker = new Worker(new URL('reader-thread.ts', import.meta.url), { workerData: { dataDir }, execArgv: [] })
  worker.unref()
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  worker.on('message', (answer: ReaderAnswer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if ('body' in answer) asked?.resolve(answer.body)
    else asked?.reject(new TrackingError(answer.error.code, answer.error.message))
  })
  const failAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', (error) => failAll(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', () => failAll(new Error('The reading thread has ended.')))
  return {
    waiting,
    read: (request) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const id = ++lastId
      waiting.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ id, request })
      return promise
    },
    close: async () => {
      await worker.terminate()
    },
  }
}
