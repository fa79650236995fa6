// A process that is always there again: killed at any instant, its start included, it is started anew at once.
import type { Program } from '#/test/support/programs.ts'

export type Slot = AsyncDisposable & {
  /** Kills whatever is there now, ready or not. */
  kill: () => void
  /** Resolves when it is ready, however often it was killed on the way. */
  ready: () => Promise<Program>
  /** How long a start takes right now, as far as is known: of one that was killed, at least as long as it had. */
  startMs: () => number
}

export function openSlot(start: (options: { onSpawn: (kill: () => void) => void }) => Promise<Program>): Slot {
  const over = new AbortController()
  let killNow = (): void => {}
  let startedAt = 0
  let isReady = false
  let startMs = 0
  let program: Promise<Program>
  const keepAlive = async (): Promise<void> => {
    while (!over.signal.aborted) {
      startedAt = performance.now()
      isReady = false
      program = start({
        onSpawn: (kill) => {
          killNow = kill
          if (over.signal.aborted) kill()
        },
      })
      await program.then(
        ({ ended }) => {
          isReady = true
          startMs = performance.now() - startedAt
          return ended
        },
        () => undefined,
      )
    }
  }
  const living = keepAlive()
  return {
    kill: () => {
      if (!isReady) startMs = Math.max(startMs, performance.now() - startedAt)
      killNow()
    },
    startMs: () => startMs,
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
