import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { createCheckpoints } from '#/server/db/checkpoints.ts'
import { migrationsFolder, openDatabase } from '#/server/db/database.ts'
import { getInsight, insertInsight } from '#/server/db/insights.ts'
import { createJobs } from '#/server/jobs/jobs.ts'
import { createTestDatabase, silentLog, whyNot } from '#/test/support/database.ts'
import { anInsight } from '#/test/support/insight-rows.ts'

const reason = await whyNot('postgresql')
const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** A worker process, and a way to wait until it has said `count` lines that start with `word`. */
function startWorker(config: { dataDir: string; databaseUrl: string | undefined }) {
  const script = join(import.meta.dirname, '../../support/worker-process.ts')
  const child = spawn(process.execPath, [script, config.dataDir, config.databaseUrl ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const lines: string[] = []
  const lookers = new Set<() => void>()
  const look = () => {
    for (const looker of lookers) looker()
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    look()
  })
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => {
      look()
      resolve()
    })
  })
  const said = (word: string, count = 1) =>
    new Promise<void>((resolve, reject) => {
      const looker = () => {
        if (lines.filter((line) => line.startsWith(word)).length >= count) resolve()
        else if (child.exitCode !== null) reject(new Error(`the worker ended before it said ${word}`))
        else return
        lookers.delete(looker)
      }
      lookers.add(looker)
      looker()
    })
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const saved = () => lines.filter((line) => line.startsWith('saved')).map((line) => Number(line.split(' ')[1]))
  return { said, saved, kill, lines }
}

const traces = (count: number) => Array.from({ length: count }, (_, number) => ({ traceId: `tr-${number}` }))

describe('a worker that is killed', () => {
  test('on the embedded database: nothing acknowledged is lost and the next start goes on by itself', async () => {
    await using opened = await createTestDatabase('embedded')
    const id = randomUUID()
    const { db } = opened.database
    await insertInsight(db, anInsight(id))
    await createCheckpoints(db, id).addSelected(traces(400))
    const jobs = createJobs({
      database: opened.database,
      run: async () => undefined,
      concurrency: 1,
      mode: 'web',
      log: silentLog,
    })
    await jobs.start()
    await jobs.enqueue(id)
    await jobs.stop(1_000)
    await opened.database[Symbol.asyncDispose]()

    const acknowledged: number[] = []
    for (let kills = 0; kills < 3; kills++) {
      const worker = startWorker(opened.config)
      await worker.said('saved', 40 + kills * 7)
      await worker.kill()
      acknowledged.push(...worker.saved())
    }
    // Nothing was done twice, but for the trace that was being stored when the process died.
    expect(acknowledged.length - new Set(acknowledged).size).toBe(0)
    const last = startWorker(opened.config)
    const resumedAt = performance.now()
    await last.said('run')
    expect(performance.now() - resumedAt).toBeLessThan(30_000)
    await last.said('finished')
    await last.kill()

    const { db: after } = await opened.reopen()
    expect(await createCheckpoints(after, id).counts()).toMatchObject({ selected: 400, summarized: 400 })
    expect(await getInsight(after, id)).toMatchObject({ status: 'FINISHED' })
  }, 240_000)

  test.skipIf(reason !== undefined)(
    `on PostgreSQL: another worker goes on within 30 seconds${reason === undefined ? '' : `: ${reason}`}`,
    async () => {
      await using opened = await createTestDatabase('postgresql')
      const id = randomUUID()
      const { db } = opened.database
      await insertInsight(db, anInsight(id))
      await createCheckpoints(db, id).addSelected(traces(4_000))
      const jobs = createJobs({
        database: opened.database,
        run: async () => undefined,
        concurrency: 1,
        mode: 'web',
        log: silentLog,
      })
      await jobs.start()
      await jobs.enqueue(id)
      const first = startWorker(opened.config)
      await first.said('saved', 30)
      const second = startWorker(opened.config)
      await second.said('ready')
      await first.kill()
      const killedAt = performance.now()
      await second.said('saved')
      expect(performance.now() - killedAt).toBeLessThan(30_000)
      const doneBefore = Number(second.lines.find((line) => line.startsWith('run'))?.split(' ')[1])
      expect(doneBefore).toBeGreaterThanOrEqual(first.saved().length)
      expect(Math.min(...second.saved())).toBe(doneBefore)
      await second.said('finished')
      expect(await createCheckpoints(db, id).counts()).toMatchObject({ summarized: 4_000 })
      await jobs.stop(1_000)
    },
    180_000,
  )
})

describe.skipIf(reason !== undefined)(`processes on one PostgreSQL${reason === undefined ? '' : `: ${reason}`}`, () => {
  test('that start at once on an empty database all come up, and every migration was applied once', async () => {
    await using opened = await createTestDatabase('postgresql')
    const { pool } = opened.database
    await pool.query('drop schema drizzle cascade; drop schema public cascade; create schema public')
    const workers = [1, 2, 3].map(() => startWorker(opened.config))
    await Promise.all(workers.map((worker) => worker.said('ready')))
    const { rows } = await pool.query('select count(*)::int as count from drizzle.__drizzle_migrations')
    expect(rows).toEqual([{ count: readdirSync(migrationsFolder).filter((name) => name.endsWith('.sql')).length }])
    await Promise.all(workers.map((worker) => worker.kill()))
  }, 120_000)

  test('outlive the loss of all their connections in the middle of a job, and finish it', async () => {
    await using opened = await createTestDatabase('postgresql')
    const id = randomUUID()
    const { db, pool } = opened.database
    await insertInsight(db, anInsight(id))
    await createCheckpoints(db, id).addSelected(traces(1_000))
    const web = { database: opened.database, run: async () => undefined, concurrency: 1, log: silentLog }
    const jobs = createJobs({ ...web, mode: 'web' })
    await jobs.start()
    await jobs.enqueue(id)
    const worker = startWorker(opened.config)
    for (const saved of [30, 300]) {
      await worker.said('saved', saved)
      const { rowCount } = await pool.query(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
      `)
      // The one it saves through is always among them; how many more are open again depends on the machine.
      expect(rowCount).toBeGreaterThan(0)
    }
    // The same process: nobody else is there who could.
    await worker.said('finished')
    expect(worker.lines.filter((line) => line === 'ready')).toHaveLength(1)
    expect(await createCheckpoints(db, id).counts()).toMatchObject({ summarized: 1_000 })
    await worker.kill()
    await jobs.stop(1_000)
  }, 120_000)
})

describe('the data folder', () => {
  test('is refused to a second process, and free again once the first one was killed', async () => {
    await using opened = await createTestDatabase('embedded')
    await opened.database[Symbol.asyncDispose]()
    const worker = startWorker(opened.config)
    await worker.said('ready')
    await expect(openDatabase(opened.config, { log: silentLog })).rejects.toMatchObject({ code: 'data_dir.locked' })
    await worker.kill()
    await expect(opened.reopen()).resolves.toMatchObject({ kind: 'embedded' })
  }, 120_000)

  test('is whole after a first start that was killed half way', async () => {
    await using opened = await createTestDatabase('embedded')
    await opened.database[Symbol.asyncDispose]()
    await rm(opened.config.dataDir, { recursive: true })
    const worker = startWorker(opened.config)
    const isMaking = (name: string) => name.startsWith('postgres-making-')
    while (!(await readdir(opened.config.dataDir).catch(() => [])).some(isMaking)) await wait(20)
    await wait(500)
    await worker.kill()
    await expect(opened.reopen()).resolves.toMatchObject({ kind: 'embedded' })
    expect((await readdir(opened.config.dataDir)).filter(isMaking)).toEqual([])
  }, 120_000)
})
