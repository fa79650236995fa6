// MLflow's limits on one runs/log-batch call (mlflow/utils/validation.py), kept by us so that nothing is refused.

export const batchLimits = { metrics: 1000, params: 100, tags: 100, items: 1000, bytes: 1_000_000 } as const
/** Longer ones are cut silently by the server, or refused, depending on how it was started: we shorten them ourselves. */
export const valueLimits = { tag: 8000, param: 6000 } as const

export type WireBatch = {
  metrics: { key: string; value: number | string; timestamp: number; step: number }[]
  params: { key: string; value: string }[]
  tags: { key: string; value: string }[]
}

/** The text, or its beginning with an ellipsis: at most `max` code points, no character torn in two. */
export function shorten(text: string, max: number): string {
  // Code points never outnumber UTF-16 units, so the common case costs nothing.
  if (text.length <= max) return text
  const points = Array.from(text)
  return points.length <= max ? text : `${points.slice(0, max - 1).join('')}…`
}

/** Batches in order, each within every limit; `reservedBytes` is what the envelope (run id, braces) takes. */
export function splitBatch(batch: WireBatch, reservedBytes = 1000): WireBatch[] {
  const batches: WireBatch[] = []
  let current: WireBatch = { metrics: [], params: [], tags: [] }
  let items = 0
  let bytes = reservedBytes
  const roomFor = (kind: keyof WireBatch, size: number): boolean =>
    current[kind].length < batchLimits[kind] && items < batchLimits.items && bytes + size <= batchLimits.bytes
  const add = <K extends keyof WireBatch>(kind: K, entry: WireBatch[K][number]): void => {
    const size = Buffer.byteLength(JSON.stringify(entry), 'utf8') + 1
    if (items > 0 && !roomFor(kind, size)) {
      batches.push(current)
      current = { metrics: [], params: [], tags: [] }
      items = 0
      bytes = reservedBytes
    }
    ;(current[kind] as WireBatch[K][number][]).push(entry)
    items++
    bytes += size
  }
  for (const param of batch.params) add('params', param)
  for (const tag of batch.tags) add('tags', tag)
  for (const metric of batch.metrics) add('metrics', metric)
  if (items > 0) batches.push(current)
  return batches
}
