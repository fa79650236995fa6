import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import type { NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import { AppError } from '#/pipeline/errors.ts'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { openEmbedded } from './embedded/open-embedded.ts'

/** What queries are functions of: the pool, or the transaction one is inside of. */
export type Db = PgDatabase<NodePgQueryResultHKT>

/**
 * The one database of the service, migrated. The embedded one has a single connection: inside `db.transaction` only `tx` may
 * be used, and nothing slow may be awaited there.
 */
export type Database = AsyncDisposable & {
  kind: 'embedded' | 'postgresql'
  db: Db
  pool: Pool
  /** Of PostgreSQL, for those who need connections of their own; `undefined` for the embedded one. */
  url: string | undefined
}

export const migrationsFolder = join(import.meta.dirname, '../../migrations')

/** Any fixed number: who migrates holds this advisory lock, since `migrate()` run by two processes at once fails. */
const migrationLock = 7_246_391

/**
 * Opens PostgreSQL at `databaseUrl`, or the embedded database in the data folder, and brings its tables up to date. Throws
 * `database.unavailable` or `data_dir.locked`.
 */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  options: { log: Log },
): Promise<Database> {
  return config.databaseUrl === undefined
    ? await openEmbeddedDatabase(config.dataDir, options)
    : await openPostgres(config.databaseUrl, options.log)
}

async function openEmbeddedDatabase(dataDir: string, options: { log: Log }): Promise<Database> {
  const { pool, close } = await openEmbedded(dataDir, options)
  watch(pool, options.log)
  const db = drizzle({ client: pool })
  try {
    await migrate(db, { migrationsFolder })
  } catch (error) {
    await close()
    throw error
  }
  return { kind: 'embedded', db, pool, url: undefined, [Symbol.asyncDispose]: once(close) }
}

async function openPostgres(url: string, log: Log): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'trace-insights',
  })
  watch(pool, log)
  try {
    const client = await pool.connect()
    try {
      await client.query('select pg_advisory_lock($1)', [migrationLock])
      await migrate(drizzle({ client }), { migrationsFolder })
      await client.query('select pg_advisory_unlock($1)', [migrationLock])
      client.release()
    } catch (error) {
      client.release(true)
      throw error
    }
  } catch (error) {
    await pool.end()
    const { host, pathname } = new URL(url)
    const reason = error instanceof Error ? rootOf(error).message || rootOf(error).name : String(error)
    throw new AppError(
      'database.unavailable',
      `The database ${pathname.slice(1)} at ${host || 'localhost'} cannot be used: ${reason}. Check DATABASE_URL, or unset it to ` +
        'use the embedded database.',
      { cause: error },
    )
  }
  const close = once(() => pool.end())
  return { kind: 'postgresql', db: drizzle({ client: pool }), pool, url, [Symbol.asyncDispose]: close }
}

/** Closing twice is closing once: a signal and the end of `main` may both ask for it. */
function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined
  return () => (closed ??= close())
}

/** A connection that breaks while nobody uses it emits an error; unheard, it would end the process. */
function watch(pool: Pool, log: Log): void {
  const warn = (error: Error) => log.warn({ err: error }, 'database connection lost')
  pool.on('error', warn)
  pool.on('connect', (client) => client.on('error', warn))
}

/** The error at the bottom: drizzle wraps what `pg` threw, and Node wraps several addresses tried. */
function rootOf(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return rootOf(error.errors[0])
  return error.cause instanceof Error ? rootOf(error.cause) : error
}

/** Asks the database for one number; throws `database.unavailable`. For `/readyz`. */
export async function pingDatabase(database: Database): Promise<void> {
  try {
    await database.db.execute(sql`select 1`)
  } catch (error) {
    throw new AppError('database.unavailable', 'The database does not answer.', { cause: error })
  }
}
