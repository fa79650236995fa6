// The whole spans at the beginning of a body that was too large to read to its end.

const quote = 0x22
const backslash = 0x5c
const openers: ReadonlySet<number> = new Set([0x7b, 0x5b])
const closers: ReadonlySet<number> = new Set([0x7d, 0x5d])

/**
 * The entries of the top-level `spans` list that are complete in `bytes`, a prefix of `{"spans":[{…},{…},…`, and how many
 * bytes they reach to. Works on bytes: a cut in the middle of a character does no harm. Returns nothing when the list
 * does not begin within the prefix, or not one span is whole.
 */
export function cutSpans(bytes: Uint8Array): { spans: unknown[]; readBytes: number } {
  const start = findSpansList(bytes)
  if (start === undefined) return { spans: [], readBytes: 0 }
  let end = start
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === quote) {
      at = skipString(bytes, at)
    } else if (openers.has(byte)) {
      depth++
    } else if (closers.has(byte)) {
      depth--
      if (depth === 0) end = at + 1
      if (depth < 0) break
    }
  }
  if (end === start) return { spans: [], readBytes: 0 }
  const text = new TextDecoder().decode(bytes.subarray(start, end))
  const spans: unknown = JSON.parse(`[${text}]`)
  return Array.isArray(spans) ? { spans, readBytes: end } : { spans: [], readBytes: 0 }
}

/** Where the content of the top-level `spans` list begins. */
function findSpansList(bytes: Uint8Array): number | undefined {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === quote) {
      const end = skipString(bytes, at)
      const isKey = depth === 1 && end - at === 6 && new TextDecoder().decode(bytes.subarray(at, end + 1)) === '"spans"'
      at = end
      if (isKey) {
        const list = /^\s*:\s*\[/.exec(new TextDecoder().decode(bytes.subarray(end + 1, end + 65)))
        if (list !== null) return end + 1 + list[0].length
      }
    } else if (openers.has(byte)) {
      depth++
    } else if (closers.has(byte)) {
      depth--
    }
  }
  return undefined
}

/** The index of the quote that closes the string opened at `at`, or the end of the bytes. */
function skipString(bytes: Uint8Array, at: number): number {
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] === backslash) i++
    else if (bytes[i] === quote) return i
  }
  return bytes.length
}
