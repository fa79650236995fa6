// Fresh, migrated databases for tests: embedded ones copied from one made once, PostgreSQL ones created and dropped.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { pino } from 'pino'
import { migrationsFolder, openDatabase } from '#/server/db/database.ts'
import type { Database } from '#/server/db/database.ts'
import type { Log } from '#/server/log.ts'

export const silentLog: Log = pino({ level: 'silent' })

export const databaseKinds = ['embedded', 'postgresql'] as const
export type DatabaseKind = (typeof databaseKinds)[number]

/** A database of one test's own. `reopen` closes it and opens the same data again. */
export type TestDatabase = AsyncDisposable & {
  database: Database
  config: { databaseUrl: string | undefined; dataDir: string }
  reopen: () => Promise<Database>
}

const postgresUrl = process.env['TEST_DATABASE_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/postgres'
const cacheDir = join(import.meta.dirname, '../../node_modules/.cache/trace-insights')

/**
 * Why the database cannot be used here, or `undefined` when it can: for `test.skipIf` with the reason in the test's name.
 * With `CI=true` an absent PostgreSQL is not a reason but a failure.
 */
export async function whyNot(kind: DatabaseKind): Promise<string | undefined> {
  if (kind === 'embedded') return undefined
  const client = new Client({ connectionString: postgresUrl, connectionTimeoutMillis: 3_000 })
  try {
    await client.connect()
    await client.end()
    return undefined
  } catch (error) {
    const reason = `no PostgreSQL at ${new URL(postgresUrl).host} (TEST_DATABASE_URL names another)`
    if (process.env['CI'] === 'true') throw new Error(reason, { cause: error })
    return reason
  }
}

/** A fresh, migrated database; disposing closes it and removes its data. */
export async function createTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  return kind === 'embedded' ? await createEmbedded() : await createPostgres()
}

async function createEmbedded(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'insights-test-'))
  await cp(await findOrMakeTemplate(), join(dataDir, 'postgres'), { recursive: true })
  const config = { databaseUrl: undefined, dataDir }
  let database = await openDatabase(config, { log: silentLog })
  const test: TestDatabase = {
    get database() {
      return database
    },
    config,
    reopen: async () => {
      await database[Symbol.asyncDispose]()
      database = await openDatabase(config, { log: silentLog })
      return database
    },
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return test
}

async function createPostgres(): Promise<TestDatabase> {
  const name = `insights_test_${randomBytes(6).toString('hex')}`
  await administer(`create database ${name}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  const config = { databaseUrl: url.href, dataDir: '' }
  let database = await openDatabase(config, { log: silentLog })
  const test: TestDatabase = {
    get database() {
      return database
    },
    config,
    reopen: async () => {
      await database[Symbol.asyncDispose]()
      database = await openDatabase(config, { log: silentLog })
      return database
    },
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]()
      await administer(`drop database ${name} with (force)`)
    },
  }
  return test
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** The folder of an empty, migrated embedded database: copying it takes a tenth of the time of making one. */
async function findOrMakeTemplate(): Promise<string> {
  const template = join(cacheDir, `template-${fingerprint()}`)
  if (existsSync(template)) return template
  const dataDir = await mkdtemp(join(tmpdir(), 'insights-template-'))
  const database = await openDatabase({ databaseUrl: undefined, dataDir }, { log: silentLog })
  await database[Symbol.asyncDispose]()
  // Copied aside and renamed: test files run in parallel, and the first one wins.
  const aside = join(cacheDir, `aside-${process.pid}`)
  await cp(join(dataDir, 'postgres'), aside, { recursive: true })
  await rename(aside, template).catch(() => rm(aside, { recursive: true, force: true }))
  await rm(dataDir, { recursive: true, force: true })
  return template
}

/** Changes with the migrations and with PGlite. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(migrationsFolder)
    .filter((name) => name.endsWith('.sql'))
    .sort()) {
    hash.update(readFileSync(join(migrationsFolder, name)))
  }
  hash.update(readFileSync(join(import.meta.dirname, '../../node_modules/@electric-sql/pglite/package.json')))
  return hash.digest('hex').slice(0, 12)
}
