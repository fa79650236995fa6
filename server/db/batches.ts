/** Rows a statement: large enough that the round trip is not felt, small enough that others get their turn in between. */
const batchSize = 1_000

/** The rows in order, so many at a time. */
export function* batches<T>(rows: readonly T[], size = batchSize): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size)
}

/** The rows without those whose trace came earlier. */
export function firstOfEach<T extends { traceId: string }>(rows: readonly T[]): T[] {
  const seen = new Set<string>()
  return rows.filter(({ traceId }) => !seen.has(traceId) && seen.add(traceId))
}
