// The command line's way in: everything it touches of the world comes from here.
import { setTimeout as wait } from 'node:timers/promises'
import { runCli } from './program.ts'
import type { Output, World } from './world.ts'

/** Runs the command that was typed and leaves with its exit code. */
export async function main(): Promise<void> {
  // `… | head` closes our output early; that is no mistake of anybody's.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const code = await runCli(process.argv.slice(2), realWorld())
  // Threads and sockets that linger must not keep a finished command alive; what was printed goes out first.
  process.stdout.write('', () => process.exit(code))
}

function realWorld(): World {
  return {
    env: process.env,
    stdout: toOutput(process.stdout),
    stderr: toOutput(process.stderr),
    fetch: (input, init) => globalThis.fetch(input, init),
    sleep: async (ms, signal) => {
      await wait(ms, undefined, { signal })
    },
    now: Date.now,
    onInterrupt: (listener) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, listener)
      return {
        [Symbol.dispose]: () => {
          for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, listener)
        },
      }
    },
  }
}

function toOutput(stream: NodeJS.WriteStream): Output {
  return {
    write: (chunk) => {
      stream.write(chunk)
    },
    isTty: stream.isTTY,
    hasColors: stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    get columns() {
      // A terminal that does not know its size says 0.
      return stream.isTTY && stream.columns > 0 ? stream.columns : undefined
    },
  }
}

if (import.meta.main) await main()
