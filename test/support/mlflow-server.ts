// A real `mlflow server` for tests: found or installed, started when the first test asks, shared, stopped at the end.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inject } from 'vitest'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '../../.cache')
const venv = process.env['MLFLOW_VENV'] ?? join(cache, 'mlflow-venv')
/** With what `mlflow server --app-name basic-auth` needs. */
const requirement = 'mlflow[auth]'
/** Written when pip came to its end: an interrupted installation leaves programs that do not start. */
const marker = join(venv, `${requirement}.installed`)
const startTimeoutMs = 180_000

/** Either the address of the server and the Python of its environment, or why there is none. */
export type MlflowServer = { url: string; python: string; version: string } | { missing: string }

declare module 'vitest' {
  interface ProvidedContext {
    mlflowDoor: string
  }
}

/**
 * For a test file: the shared server, started by the first who asks. Wait for it at the top of the file: the first time
 * on a machine takes minutes (pip), later 20 seconds. With `CI=true` a missing server throws instead.
 */
export async function askForMlflowServer(): Promise<MlflowServer> {
  const server = await askOnce()
  if ('missing' in server && process.env['CI'] === 'true') throw new Error(`A real mlflow server: ${server.missing}`)
  return server
}

async function askOnce(): Promise<MlflowServer> {
  // fetch gives up after five minutes without headers; an installation may take longer.
  for (;;) {
    const answer = await fetch(inject('mlflowDoor'))
    if (answer.status === 200) return (await answer.json()) as MlflowServer
  }
}

/**
 * For the global setup: a door that costs nothing until a test knocks. `close` stops the server and removes its files.
 */
export async function openMlflowDoor(): Promise<{ url: string; close: () => Promise<void> }> {
  let starting: Promise<{ server: MlflowServer; stop: () => Promise<void> }> | undefined
  const door = createServer((_request, response) => {
    starting ??= startMlflow().catch((error: unknown) => ({
      server: { missing: error instanceof Error ? error.message : String(error) },
      stop: () => Promise.resolve(),
    }))
    const patience = delay(60_000, undefined, { ref: false }).then(() => undefined)
    const answer = async (): Promise<void> => {
      const started = await Promise.race([starting, patience])
      response.writeHead(started === undefined ? 202 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(started?.server ?? {}))
    }
    void answer()
  })
  await new Promise<void>((resolve) => {
    door.listen(0, '127.0.0.1', resolve)
  })
  door.unref()
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    close: async () => {
      door.closeAllConnections()
      door.close()
      await (await starting)?.stop()
    },
  }
}

/** A server of one's own: `files` are written into its folder first, which is also where it runs. */
export async function startMlflow(
  extra: { args?: string[]; env?: Record<string, string>; files?: Record<string, string> } = {},
): Promise<{ server: Exclude<MlflowServer, { missing: string }>; stop: () => Promise<void> }> {
  const version = await ensureInstalled()
  const dir = await mkdtemp(join(tmpdir(), 'insights-mlflow-'))
  for (const [name, text] of Object.entries(extra.files ?? {})) await writeFile(join(dir, name), text)
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    join(venv, 'bin/mlflow'),
    [
      'server',
      `--backend-store-uri=sqlite:///${join(dir, 'mlflow.db')}`,
      `--artifacts-destination=${join(dir, 'artifacts')}`,
      '--host=127.0.0.1',
      `--port=${port}`,
      '--workers=1',
      ...(extra.args ?? []),
    ],
    {
      cwd: dir,
      // A group of its own: the server has children that would outlive it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        MLFLOW_DISABLE_TELEMETRY: 'true',
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
        ...extra.env,
      },
    },
  )
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000)
    })
  }
  const killNow = (): void => killGroup(child)
  process.once('exit', killNow)
  const stop = async (): Promise<void> => {
    process.off('exit', killNow)
    killGroup(child)
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    await waitUntilHealthy(url, child)
  } catch (error) {
    await stop()
    throw new Error(`mlflow ${version} did not start: ${log}`, { cause: error })
  }
  return { server: { url, python: join(venv, 'bin/python'), version }, stop }
}

async function waitUntilHealthy(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + startTimeoutMs
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`It ended with code ${child.exitCode}.`)
    const isHealthy = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isHealthy) return
    await delay(200)
  }
  throw new Error('It did not answer in time.')
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** The newest mlflow in an environment of its own; gives its version. Throws with the reason when it cannot be had. */
async function ensureInstalled(): Promise<string> {
  if (existsSync(marker)) return (await readFile(marker, 'utf8')).trim()
  const python = await findPython()
  if (python === undefined) throw new Error('needs Python 3.10 or newer, and this machine has none')
  await mkdir(cache, { recursive: true })
  const pip = join(venv, 'bin/python')
  try {
    if (!existsSync(pip)) await run(python, ['-m', 'venv', venv])
    await run(pip, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement], {
      maxBuffer: 64 * 1024 * 1024,
    })
    const { stdout } = await run(pip, ['-c', 'import importlib.metadata as m; print(m.version("mlflow"))'])
    await writeFile(marker, stdout)
    return stdout.trim()
  } catch (error) {
    throw new Error('pip could not install mlflow (is PyPI within reach?)', { cause: error })
  }
}

async function findPython(): Promise<string | undefined> {
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']) {
    try {
      const { stdout } = await run(name, ['-c', 'import sys, venv; print(sys.version_info >= (3, 10))'])
      if (stdout.trim() === 'True') return name
    } catch {
      // Not this one.
    }
  }
  return undefined
}

async function findFreePort(): Promise<number> {
  const probe = createSocketServer()
  await new Promise<void>((resolve) => {
    probe.listen(0, '127.0.0.1', resolve)
  })
  const { port } = probe.address() as AddressInfo
  await new Promise<void>((resolve) => {
    probe.close(() => resolve())
  })
  return port
}
