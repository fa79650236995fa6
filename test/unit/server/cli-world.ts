// A command line without a terminal: what was printed is kept, time passes at once, and Ctrl-C is a call.
import { stripVTControlCharacters } from 'node:util'
import { runCli } from '#/server/cli/program.ts'
import type { Output, World } from '#/server/cli/world.ts'

export type CliRun = { exitCode: number; stdout: string; stderr: string }

export type TestWorld = World & { interrupt: () => void; printed: () => { stdout: string; stderr: string } }

/** A world in which nobody answers unless `fetch` is given. */
export function createTestWorld(
  changes: {
    env?: Record<string, string>
    fetch?: typeof fetch
    isTty?: boolean
    columns?: number
    onSleep?: (ms: number) => void
  } = {},
): TestWorld {
  const printed = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  let nowMs = 0
  const output = (name: 'stdout' | 'stderr'): Output => {
    const decoder = new TextDecoder()
    return {
      write: (chunk) => {
        printed[name] += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
      },
      isTty: changes.isTty ?? false,
      hasColors: false,
      columns: changes.columns,
    }
  }
  return {
    env: changes.env ?? {},
    stdout: output('stdout'),
    stderr: output('stderr'),
    fetch: changes.fetch ?? (() => Promise.reject(new TypeError('fetch failed'))),
    now: () => (nowMs += 10),
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      nowMs += ms
      changes.onSleep?.(ms)
    },
    onInterrupt: (listener) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    interrupt: () => {
      listeners.forEach((listener) => listener())
    },
    printed: () => printed,
  }
}

/** Runs one command to its end. */
export async function runInWorld(world: TestWorld, ...args: string[]): Promise<CliRun> {
  const exitCode = await runCli(args, world)
  return { exitCode, ...world.printed() }
}

/** Whether text could do anything to a terminal but be read. */
export function isHarmless(text: string): boolean {
  return (
    stripVTControlCharacters(text) === text &&
    !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(text)
  )
}
