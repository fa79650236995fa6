import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '#/pipeline/errors.ts'

/**
 * Makes this process the only owner of the folder until disposed. PGlite has no lock of its own: a second process opens the
 * same files and its rows vanish without a word. An SQLite file lock is dropped by the system even after `kill -9`, which a
 * file with a process id is not. Throws `data_dir.locked`.
 */
export function lockDataDir(dataDir: string): Disposable {
  mkdirSync(dataDir, { recursive: true })
  const lock = new DatabaseSync(join(dataDir, 'owner.lock'), { timeout: 0 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new AppError(
      'data_dir.locked',
      `The data folder ${dataDir} is in use by another process. Stop that one, give this one its own folder with ` +
        'INSIGHTS_DATA_DIR, or set DATABASE_URL to share a PostgreSQL.',
      { cause: error },
    )
  }
  return { [Symbol.dispose]: () => lock.close() }
}
