import { setTimeout as wait } from 'node:timers/promises'

/**
 * Runs `work` for every item with at most `concurrency` at once, pulling the next item only when a place is free, so that
 * nothing piles up in memory. Stops at the first error or when the signal aborts, after what is under way has ended.
 */
export async function forEachConcurrent<T>(
  source: AsyncIterable<T> | Iterable<T>,
  options: { concurrency: number; signal: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  // An async generator queues calls of next(), so the workers may share it.
  const items = (async function* () {
    yield* source
  })()
  let failure: { error: unknown } | undefined
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      try {
        options.signal.throwIfAborted()
        const next = await items.next()
        if (next.done === true) return
        await work(next.value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, worker))
  await items.return()
  if (failure !== undefined) throw failure.error
}

/** So long a batch fills after the one before it was saved: a statement costs the same for one item as for ten. */
const breathMs = 25

/**
 * Gathers single items into batches: while one batch is being saved, and for a breath after, the next one fills. So what
 * comes now and then is saved at once, and a busy source in large batches. `add` resolves when its item is saved.
 */
export function createBatcher<T>(
  save: (items: T[]) => Promise<void>,
  maxItems: number,
): { add: (item: T) => Promise<void> } {
  let waiting: { item: T; resolve: () => void; reject: (error: unknown) => void }[] = []
  let isSaving = false
  const drain = async (): Promise<void> => {
    isSaving = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxItems)
      waiting = waiting.slice(maxItems)
      try {
        await save(batch.map(({ item }) => item))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
      await wait(breathMs)
    }
    isSaving = false
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        if (!isSaving) void drain()
      }),
  }
}

/**
 * Work that goes on beside the caller's, at most `limit` at once. `start` waits for a free place only; it throws what
 * earlier work threw, as `settled` does, which waits for all of it.
 */
export function createBackground(limit: number): {
  start: (work: () => Promise<void>) => Promise<void>
  settled: () => Promise<void>
} {
  const underWay = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error
  }
  return {
    start: async (work) => {
      while (underWay.size >= limit) await Promise.race(underWay)
      throwFailure()
      const one: Promise<void> = work()
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => underWay.delete(one))
      underWay.add(one)
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
      throwFailure()
    },
  }
}

/** Lets at most `places` through at once; the others wait in the order they came. */
export function createGate(places: number): { run: <T>(work: () => Promise<T>) => Promise<T> } {
  let free = places
  const waiting: (() => void)[] = []
  return {
    run: async (work) => {
      if (free > 0) free--
      else await new Promise<void>((enter) => waiting.push(enter))
      try {
        return await work()
      } finally {
        // Handed over, so that nobody who comes just now is faster.
        const next = waiting.shift()
        if (next === undefined) free++
        else next()
      }
    },
  }
}

/**
 * Ticks items off in groups of `size`, without keeping the caller waiting: for marks whose loss costs only a repeated
 * write. `settled` saves the rest and throws what a save threw; so does `add`, so that nobody goes on for nothing.
 */
export function createTicker<T>(
  save: (items: T[]) => Promise<void>,
  size: number,
): { add: (item: T) => void; settled: () => Promise<void> } {
  let waiting: T[] = []
  let failure: { error: unknown } | undefined
  let saving: Promise<void> = Promise.resolve()
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error
  }
  const flush = (): void => {
    const items = waiting
    waiting = []
    if (items.length === 0) return
    saving = saving
      .then(() => save(items))
      .catch((error: unknown) => {
        failure ??= { error }
      })
  }
  return {
    add: (item) => {
      throwFailure()
      waiting.push(item)
      if (waiting.length >= size) flush()
    },
    settled: async () => {
      flush()
      await saving
      throwFailure()
    },
  }
}

/** Splits a list into groups of at most `size`. */
export function inGroupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = []
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size))
  return groups
}
