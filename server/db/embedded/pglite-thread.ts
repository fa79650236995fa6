// The thread that owns PostgreSQL compiled to WebAssembly. It knows only bytes: PostgreSQL's wire protocol in and out.
// A thread, because PGlite runs each statement synchronously: in the main thread 5,000 awaited queries let no timer fire.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts'

const { dir, template } = workerData as ThreadData
const port = parentPort!
const post = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

// PGlite cannot open a folder whose first start was killed in its last milliseconds. The mark is written only after the
// folder has been opened once, so a folder without it holds nothing yet and is made anew.
const mark = join(dir, 'opened-once')
const isNew = !existsSync(mark)
if (isNew) rmSync(dir, { recursive: true, force: true })
const db = await PGlite.create({
  dataDir: dir,
  ...(isNew && template !== undefined ? { loadDataDir: new Blob([template]) } : {}),
})
if (isNew) writeFileSync(mark, '')
post({ type: 'ready', isNew })

port.on('message', (message: ToThread) => {
  void answer(message)
})

async function answer(message: ToThread): Promise<void> {
  try {
    if (message.type === 'close') {
      await db.close()
      post({ type: 'closed' })
    } else if (message.type === 'dump') {
      const bytes = await (await db.dumpDataDir('none')).arrayBuffer()
      post({ type: 'bytes', id: message.id, bytes: new Uint8Array(bytes) }, [bytes])
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
