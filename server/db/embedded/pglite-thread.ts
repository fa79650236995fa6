// The thread that owns PostgreSQL compiled to WebAssembly. It knows only bytes: PostgreSQL's wire protocol in and out.
// A thread, because PGlite runs each statement synchronously: in the main thread 5,000 awaited queries let no timer fire.
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'

const port = parentPort!
const post = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

const db = await PGlite.create((workerData as ThreadData).dir)
post({ type: 'ready' })

port.on('message', (message: ToThread) => {
  void answer(message)
})

async function answer(message: ToThread): Promise<void> {
  try {
    if (message.type === 'close') {
      await db.close()
      post({ type: 'closed' })
    } else {
      // PGlite answers with a view into its own memory: copied once here, then handed over.
      const bytes = new Uint8Array(await db.execProtocolRaw(message.bytes))
      post({ type: 'bytes', id: message.id, bytes }, [bytes.buffer])
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    post({ type: 'failed', id: message.type === 'close' ? 0 : message.id, message: text })
  }
}
