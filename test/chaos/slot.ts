// A process that is always there again: killed at any instant, its start included, it is started anew at once.
import type { Program } from '#/test/support/programs.ts'

export type Slot = AsyncDisposable & {
  /** Kills whatever is there now, ready or not. */
  kill: () => void
  /** Resolves when it is ready, however often it was killed on the way. */
  ready: () => Promise<Program>
}

export function openSlot(start: (options: { onSpawn: (kill: () => void) => void }) => Promise<Program>): Slot {
  const over = new AbortController()
  let killNow = (): void => {}
  let program: Promise<Program>
  const keepAlive = async (): Promise<void> => {
    while (!over.signal.aborted) {
      program = start({
        onSpawn: (kill) => {
          killNow = kill
          if (over.signal.aborted) kill()
        },
      })
      await program.then(
        ({ ended }) => ended,
        () => undefined,
      )
    }
  }
  const living = keepAlive()
  return {
    kill: () => killNow(),
    ready: async () => {
      for (;;) {
        const current = program
        try {
          return await current
        } catch {
          // Killed while it started; the next one is on its way.
          if (current === program) await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      over.abort()
      killNow()
      await living
    },
  }
}
