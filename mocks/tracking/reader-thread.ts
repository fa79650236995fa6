// The thread that reads: its own read-only connection, so that a long search never holds up the thread that serves HTTP.
import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from './database.ts'
import { TrackingError } from './errors.ts'
import type { TrackingErrorCode } from './errors.ts'
import { answerRead } from './trace-reader.ts'
import type { ReadRequest } from './trace-reader.ts'

export type ReaderAnswer = { id: number } & ({ body: string } | { error: { code: TrackingErrorCode; message: string } })

const { dataDir } = workerData as { dataDir: string }
const db = openDatabase(dataDir, { readOnly: true })

parentPort?.on('message', ({ id, request }: { id: number; request: ReadRequest }) => {
  parentPort?.postMessage({ id, ...answer(request) } satisfies ReaderAnswer)
})

function answer(request: ReadRequest): { body: string } | { error: { code: TrackingErrorCode; message: string } } {
  try {
    return { body: answerRead(db, request) }
  } catch (error) {
    if (error instanceof TrackingError) return { error: { code: error.code, message: error.message } }
    return { error: { code: 'INTERNAL_ERROR', message: error instanceof Error ? error.message : String(error) } }
  }
}
