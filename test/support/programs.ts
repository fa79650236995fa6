// The project's programs as processes of their own: to be killed, restarted, and measured from outside.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const startTimeoutMs = 120_000
const keptOutputChars = 8_000

export type Program = AsyncDisposable & {
  /** Where it answers. */
  url: string
  pid: number
  /** The last lines it wrote, to explain a failure. */
  output: () => string
  /** Ends it as a power cut would: nothing is flushed, no handler runs. */
  kill: () => Promise<void>
  /** Resolves when it has ended, however that came. */
  ended: Promise<void>
  /** Asks it to stop and waits. */
  stop: () => Promise<void>
}

/** What `npm start` passes to node. */
const startFlags = ['--max-semi-space-size=8']

/** The service: `npm start` without the build of the UI. Ready when its page can be opened. */
export function startServiceProgram(
  env: Readonly<Record<string, string>>,
  options: {
    /** Passed to node. */
    flags?: readonly string[]
    /** Is given the means to kill it before it is ready. */
    onSpawn?: (kill: () => void) => void
  } = {},
): Promise<Program> {
  return startProgram({
    args: [...startFlags, ...(options.flags ?? []), join(root, 'server/main.ts')],
    ...(options.onSpawn === undefined ? {} : { onSpawn: options.onSpawn }),
    env: { PORT: '0', LOG_LEVEL: 'warn', ...env },
    ready: /Trace Insights is ready: (\S+)/,
  })
}

/** A worker: it computes and listens nowhere. */
export function startWorkerProgram(
  env: Readonly<Record<string, string>>,
  options: {
    /** Passed to node. */
    flags?: readonly string[]
    onSpawn?: (kill: () => void) => void
  } = {},
): Promise<Program> {
  const { flags = [], ...spawning } = options
  return startProgram({
    args: [...startFlags, ...flags, join(root, 'server/main.ts')],
    ...spawning,
    env: { ...env, INSIGHTS_MODE: 'worker', LOG_LEVEL: 'info' },
    ready: /"msg":"(service started)"/,
  })
}

/** The embedded tracking store, kept in `dataDir`. */
export function startTrackingProgram(options: { dataDir: string; port?: number }): Promise<Program> {
  const { dataDir, port = 0 } = options
  return startProgram({
    args: [join(root, 'mocks/tracking/main.ts'), '--port', String(port), '--data', dataDir],
    ready: /Tracking store at (\S+), kept in/,
  })
}

/** The stand-in model; its address is a base URL. */
export function startModelProgram(flags: readonly string[] = []): Promise<Program> {
  return startProgram({
    args: [join(root, 'mocks/model/main.ts'), '--port', '0', ...flags],
    ready: /Stand-in model at (\S+) /,
  })
}

async function startProgram(options: {
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  ready: RegExp
  onSpawn?: (kill: () => void) => void
}): Promise<Program> {
  const child = spawn(process.execPath, options.args, {
    cwd: root,
    env: { ...foreignEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output = (output + text).slice(-keptOutputChars)
    })
  }
  // Whoever forgets a program, or dies, must not leave it behind.
  const killNow = (): void => void child.kill('SIGKILL')
  process.once('exit', killNow)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', killNow)
      resolve()
    })
  })
  options.onSpawn?.(killNow)
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await ended
  }
  try {
    const url = await waitFor(options.ready, child, () => output)
    return {
      url,
      pid: child.pid ?? 0,
      output: () => output,
      ended,
      kill: () => end('SIGKILL'),
      stop: () => end('SIGTERM'),
      [Symbol.asyncDispose]: () => end('SIGKILL'),
    }
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
}

async function waitFor(ready: RegExp, child: ChildProcess, output: () => string): Promise<string> {
  for (const until = Date.now() + startTimeoutMs; Date.now() < until;) {
    const url = ready.exec(output())?.[1]
    if (url !== undefined) return url
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended at its start:\n${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`It did not start in time:\n${output()}`)
}

/** This process's environment without what would lead our programs to somebody's own servers, keys or data. */
export function foreignEnvironment(): Record<string, string | undefined> {
  const ours = /^(MLFLOW_|OPENAI_|INSIGHTS_)|^(DATABASE_URL|HOST|PORT|LOG_LEVEL)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

/** Resident memory of a process in MB, now and at its highest since its start (or since `forgetPeak`). Linux only. */
export function readMemory(pid: number): { nowMb: number; peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
  return { nowMb: read('VmRSS'), peakMb: read('VmHWM') }
}

/** Processor seconds a process has used since its start, all its threads together. Linux only. */
export function readCpuSeconds(pid: number): number {
  // proc(5): after the name, which may hold anything, utime and stime are the 12th and 13th field, in hundredths.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Lets the kernel count the highest resident memory anew from now on (proc(5), clear_refs). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
