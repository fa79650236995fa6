/** Numbers in [0, 1) that depend on the seed alone. Mulberry32 (Tommy Ettinger, 2017): small, fast, good enough for sampling. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `count` different numbers below `total`, ascending: the same ones for the same random source. */
export function sampleIndices(total: number, count: number, random: () => number): Int32Array {
  const all = Int32Array.from({ length: total }, (_, index) => index)
  if (count >= total) return all
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(random() * (total - i))
    const kept = all[i]!
    all[i] = all[other]!
    all[other] = kept
  }
  return all.slice(0, count).sort()
}
