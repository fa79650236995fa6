// A share of memory that readers wait for, first come first served.

export type ByteBudget = {
  /** Resolves when that many bytes are free, with the function that gives them back (once; again is no harm). */
  take: (bytes: number, signal: AbortSignal) => Promise<() => void>
}

/** A budget of `total` bytes. Whoever asks for more than all of it gets all of it, alone. */
export function createByteBudget(total: number): ByteBudget {
  let free = total
  const waiting: { bytes: number; start: () => void }[] = []

  function admit(): void {
    // Strictly in order: a large reader is not starved by small ones that would fit.
    for (let next = waiting[0]; next !== undefined && next.bytes <= free; next = waiting[0]) {
      waiting.shift()
      free -= next.bytes
      next.start()
    }
  }

  return {
    take: (wanted, signal) =>
      new Promise((resolve, reject) => {
        const bytes = Math.min(wanted, total)
        const entry = {
          bytes,
          start: () => {
            signal.removeEventListener('abort', abandon)
            let held = true
            resolve(() => {
              if (!held) return
              held = false
              free += bytes
              admit()
            })
          },
        }
        const abandon = (): void => {
          const at = waiting.indexOf(entry)
          if (at >= 0) waiting.splice(at, 1)
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
          admit()
        }
        if (signal.aborted) {
          abandon()
          return
        }
        signal.addEventListener('abort', abandon, { once: true })
        waiting.push(entry)
        admit()
      }),
  }
}
