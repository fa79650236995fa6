import { AppError } from '#/pipeline/errors.ts'
import { openThread } from '../../open-thread.ts'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'

/** The embedded database's thread: wire protocol in, wire protocol out, one request after the other. */
export type DatabaseThread = {
  /** Sends whole protocol messages; the answer is what the server would write. */
  execute: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>
  close: () => Promise<void>
}

type Waiting = { resolve: (bytes: Uint8Array<ArrayBuffer>) => void; reject: (error: Error) => void }

/** Starts the thread and waits until its database is open. Throws `database.unavailable`. */
export async function startThread(data: ThreadData): Promise<DatabaseThread> {
  const worker = openThread(new URL('./pglite-thread.ts', import.meta.url), { workerData: data })
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  let ended: Error | undefined
  const closed = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<void>()

  const end = (cause: unknown) => {
    ended ??= new AppError(
      'database.unavailable',
      `The embedded database in ${data.dir} stopped. Restart the service; if it does not start again, move that folder away.`,
      { cause },
    )
    ready.reject(ended)
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
    closed.resolve()
  }
  worker.on('error', end)
  worker.on('exit', (code) => end(new Error(`The database thread ended with ${code}.`)))
  worker.on('message', (message: FromThread) => {
    if (message.type === 'ready') return ready.resolve()
    if (message.type === 'closed') return closed.resolve()
    const request = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.type === 'bytes') request?.resolve(message.bytes)
    else if (message.id === 0) closed.resolve()
    else request?.reject(new Error(message.message))
  })

  await ready.promise
  return {
    execute: (bytes) => {
      if (ended !== undefined) return Promise.reject(ended)
      const id = nextId++
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>()
      waiting.set(id, { resolve, reject })
      const message: ToThread = { type: 'execute', id, bytes }
      worker.postMessage(message, [bytes.buffer])
      return promise
    },
    close: async () => {
      const message: ToThread = { type: 'close' }
      worker.postMessage(message, [])
      await closed.promise
      await worker.terminate()
    },
  }
}
