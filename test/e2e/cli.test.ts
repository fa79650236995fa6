// The command line as a person runs it: processes, a real service, and whichever Node the machine has.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const bin = join(root, 'server/cli/bin.mjs')
type Finished = { exitCode: number | null; stdout: string; stderr: string }

async function cli(
  args: string[],
  { env = {}, node = process.execPath }: { env?: Record<string, string>; node?: string } = {},
): Promise<Finished> {
  const child = spawn(node, [bin, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { exitCode: exitCode as number | null, stdout, stderr }
}

/** A Node on the PATH that is too old to run TypeScript as it stands. */
function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => Number(/^v(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? 99) < 24)
}

// Processes start in a quarter of a second, but on a machine that does ten other things in ten.
describe('the launcher', { timeout: 60_000 }, () => {
  test('runs the command and leaves with its exit code', async () => {
    expect(await cli(['--version'])).toMatchObject({ exitCode: 0, stdout: '0.1.0\n', stderr: '' })
    expect(await cli(['list', '--url', 'http://127.0.0.1:9'])).toMatchObject({ exitCode: 2, stdout: '' })
  })

  const oldNode = findOldNode()
  test.skipIf(oldNode === undefined)(
    'hands over to the Node of the project on an older one (skipped where there is none)',
    async () => {
      expect(await cli(['--version'], { node: oldNode ?? '' })).toMatchObject({
        exitCode: 0,
        stdout: '0.1.0\n',
        stderr: '',
      })
      expect(await cli(['list', '--url', 'http://127.0.0.1:9'], { node: oldNode ?? '' })).toMatchObject({ exitCode: 2 })
    },
  )

  test('ends quietly when the reader of its output has seen enough', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" config | head -1`], {
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

describe('the commands on a running service', { timeout: 120_000 }, () => {
  let folder: string
  let service: ChildProcess
  let env: Record<string, string>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-e2e-'))
    const settings = {
      PORT: '0',
      INSIGHTS_DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: 'warn',
      MLFLOW_TRACKING_URI: '',
      DATABASE_URL: '',
      OPENAI_API_KEY: '',
      OPENAI_BASE_URL: '',
    }
    service = spawn(process.execPath, [bin, 'serve'], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    env = { INSIGHTS_URL: await findUrl(service), MLFLOW_TRACKING_URI: '' }
  }, 240_000)
  afterAll(async () => {
    if (service.exitCode === null) {
      const gone = once(service, 'exit')
      service.kill('SIGTERM')
      await gone
    }
    await rm(folder, { recursive: true, force: true })
  })

  test('import traces, ask a question of them, and read the answer', async () => {
    const file = join(folder, 'traces.jsonl')
    await writeFile(file, Array.from({ length: 30 }, (_, i) => `${JSON.stringify(aTrace(i))}\n`).join(''))
    expect(await cli(['import', file, '--experiment', 'shop'], { env })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('30 imported'),
    })

    const asked = ['create', '--experiment', 'shop', '--instruction', 'What do customers want?', '--watch']
    const created = await cli(asked, { env })
    expect(created).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('30 selected = 30 summarized') })
    expect(created.stdout).toMatch(/^├─ 1 .+ · \d+ \(\d+ %\)$/m)

    const list = await cli(['list', '--experiment', 'shop', '--json'], { env })
    const { items } = JSON.parse(list.stdout) as { items: { id: string; status: string }[] }
    expect(items).toMatchObject([{ status: 'FINISHED' }])
    const id = items[0]?.id ?? ''
    expect((await cli(['show', id], { env })).stdout).toBe(created.stdout)

    const out = join(folder, 'insight.csv')
    expect(await cli(['export', id, '--format', 'csv', '--out', out], { env })).toMatchObject({ exitCode: 0 })
    expect((await readFile(out, 'utf8')).trimEnd().split('\r\n')).toHaveLength(31)
    expect(await cli(['cancel', id], { env })).toMatchObject({ exitCode: 1, stdout: '' })
  })

  test('say what is wrong with a filter, and leave with 2', async () => {
    const asked = ['create', '--experiment', 'shop', '--instruction', 'Why?', '--filter', 'status ~ 1']
    const run = await cli(asked, { env })
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(run.stderr).not.toMatch(/\n\s+at /)
  })
})

async function findUrl(service: ChildProcess): Promise<string> {
  let printed = ''
  for await (const chunk of service.stdout ?? []) {
    printed += String(chunk)
    const url = /is ready: (\S+)/.exec(printed)?.[1]
    if (url !== undefined) {
      service.stdout?.resume()
      return url
    }
  }
  throw new Error(`The service did not start: ${printed}`)
}

function aTrace(i: number): object {
  const wish =
    ['I want to return the shoes I bought', 'Where is my parcel', 'I cannot log in to my account'][i % 3] ?? ''
  const content = `${wish}, ${['please help', 'since Monday', 'order'][Math.floor(i / 3) % 3]} ${i}`
  return {
    trace_id: `tr-${i.toString(16).padStart(32, 'a')}`,
    request_time: `2026-10-01T00:00:${String(i).padStart(2, '0')}Z`,
    request_preview: content,
    spans: [
      {
        span_id: i.toString(16).padStart(16, 'b'),
        parent_id: null,
        name: 'agent',
        span_type: 'AGENT',
        start_time_unix_nano: '1790812800000000000',
        end_time_unix_nano: '1790812801000000000',
        status: 'OK',
        inputs: { messages: [{ role: 'user', content }] },
        outputs: { messages: [{ role: 'assistant', content: 'Let me look into it.' }] },
      },
    ],
  }
}
