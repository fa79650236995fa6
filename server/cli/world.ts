// What the command line needs of the world; a test passes its own.
import { styleText } from 'node:util'

export type Output = {
  write: (chunk: string | Uint8Array) => void
  /** Whether a person watches: only then are lines rewritten. */
  isTty: boolean
  hasColors: boolean
  /** Width of the terminal; `undefined` where there is none. */
  columns: number | undefined
}

export type World = {
  env: Readonly<Record<string, string | undefined>>
  stdout: Output
  stderr: Output
  fetch: typeof fetch
  /** Waits, and rejects when the signal is aborted. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds since the epoch. */
  now: () => number
  /** Calls the listener at each Ctrl-C until disposed; without a listener Ctrl-C ends the program. */
  onInterrupt: (listener: () => void) => Disposable
}

/** How wide text is set where the terminal does not say. */
const defaultColumns = 100

/** The width to set text in: the terminal's, but never so wide that lines are hard to read. */
export function textColumns({ columns }: Pick<Output, 'columns'>): number {
  return Math.min(120, Math.max(40, columns ?? defaultColumns))
}

/** Bold and dim where the output shows colours, plain text elsewhere. */
export type Style = { bold: (text: string) => string; dim: (text: string) => string }

export function styleOf({ hasColors }: Pick<Output, 'hasColors'>): Style {
  const style =
    (format: 'bold' | 'dim') =>
    (text: string): string =>
      hasColors ? styleText(format, text, { validateStream: false }) : text
  return { bold: style('bold'), dim: style('dim') }
}

/** A signal that Ctrl-C aborts; the second Ctrl-C ends the program, for the listener is gone. */
export function interruptible(world: Pick<World, 'onInterrupt'>): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const listening = world.onInterrupt(() => {
    controller.abort()
    listening[Symbol.dispose]()
  })
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() }
}
