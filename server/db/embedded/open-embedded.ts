import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'pg'
import { AppError } from '#/pipeline/errors.ts'
import type { Log } from '../../log.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { startThread } from './thread.ts'
import { WireSocket } from './wire-socket.ts'

export type Embedded = { pool: Pool; close: () => Promise<void> }

const vacuumEveryMs = 60_000

/**
 * PostgreSQL inside this process: PGlite in a thread behind an ordinary pool of one connection. The folder is locked for
 * this process. It survives the death of the process at any instant; it does not sync to the disk, so a power cut may cost
 * the last seconds. Throws `data_dir.locked`, `database.unavailable`.
 */
export async function openEmbedded(dataDir: string, options: { log: Log }): Promise<Embedded> {
  const lock = lockDataDir(dataDir)
  try {
    const dir = join(dataDir, 'postgres')
    if (!existsSync(dir)) await makeFolder(dataDir, dir)
    const thread = await startThread({ dir })
    const pool = new Pool({
      user: 'postgres',
      database: 'postgres',
      max: 1,
      idleTimeoutMillis: 0,
      // Whoever asks for a second connection inside a transaction waits for itself; this ends the wait with an error.
      connectionTimeoutMillis: 30_000,
      stream: () => new WireSocket(thread.execute),
    })
    const vacuum = setInterval(() => {
      vacuumWhereNeeded(pool).catch((error: unknown) => options.log.warn({ err: error }, 'vacuum failed'))
    }, vacuumEveryMs)
    vacuum.unref()
    return {
      pool,
      close: async () => {
        clearInterval(vacuum)
        await pool.end()
        await thread.close()
        lock[Symbol.dispose]()
      },
    }
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

/**
 * Makes the folder aside and renames it when it is whole: PGlite cannot open one whose making was killed in its last
 * milliseconds. `--liftoff-only`: code that runs once is not worth optimizing, which takes half the memory.
 */
async function makeFolder(dataDir: string, dir: string): Promise<void> {
  const prefix = 'postgres-making-'
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith(prefix)) rmSync(join(dataDir, name), { recursive: true, force: true })
  }
  const aside = join(dataDir, `${prefix}${process.pid}`)
  const maker = fork(new URL('./make-folder.ts', import.meta.url), [aside], {
    execArgv: ['--liftoff-only'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaint = ''
  maker.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString('utf8')).slice(-2_000)))
  const [code] = (await once(maker, 'exit')) as [number | null]
  if (code !== 0) {
    throw new AppError(
      'database.unavailable',
      `The embedded database could not be made in ${dataDir}. Check that there is room (100 MB) and that it may be written to.`,
      { cause: new Error(complaint || `The process that makes it ended with ${code}.`) },
    )
  }
  renameSync(aside, dir)
}

/** PGlite has no autovacuum: dead rows would stay for ever and the planner would never learn the sizes of tables. */
export async function vacuumWhereNeeded(pool: Pool): Promise<string[]> {
  await pool.query('select pg_stat_force_next_flush()')
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
     where n_dead_tup > 500 + 0.1 * n_live_tup or n_mod_since_analyze > 500 + 0.2 * n_live_tup`,
  )
  // One statement a table: between two of them others have their turn on the one connection.
  for (const { name } of rows) await pool.query(`vacuum (analyze) ${name}`)
  return rows.map(({ name }) => name)
}
