// The baseline anybody would try first: TF-IDF over the whole text, k-means on unit rows, seeded by k-means++.
import { createRandom } from '#/clustering/random.ts'
import { wordsOf } from '#/clustering/text/tokenize.ts'

type Row = { terms: Int32Array; weights: Float64Array }

/** A cluster number for each text. */
export function tfIdfKMeans(texts: readonly string[], { k, seed }: { k: number; seed: number }): Int32Array {
  const { rows, size } = toRows(texts)
  const random = createRandom(seed)
  let centres = chooseCentres(rows, { k, size, random })
  let labels = new Int32Array(rows.length).fill(-1)
  for (let round = 0; round < 20; round++) {
    const next = Int32Array.from(rows, (row) => nearest(row, centres).index)
    if (next.every((label, at) => label === labels[at])) break
    labels = next
    centres = meansOf(rows, labels, { k, size, old: centres })
  }
  return labels
}

/** Words of at least two texts and at most half of them, `(1 + log tf) · log(n / df)`, at length one. */
function toRows(texts: readonly string[]): { rows: Row[]; size: number } {
  const counted = texts.map((text) => {
    const counts = new Map<string, number>()
    for (const word of wordsOf(text.toLowerCase())) counts.set(word, (counts.get(word) ?? 0) + 1)
    return counts
  })
  const documents = new Map<string, number>()
  for (const counts of counted) for (const word of counts.keys()) documents.set(word, (documents.get(word) ?? 0) + 1)
  const kept = [...documents].filter(([, count]) => count >= 2 && count <= texts.length / 2)
  const term = new Map(kept.map(([word, count], index) => [word, { index, idf: Math.log(texts.length / count) }]))
  const rows = counted.map((counts): Row => {
    const cells = [...counts].flatMap(([word, count]) => {
      const known = term.get(word)
      return known === undefined ? [] : [{ index: known.index, weight: (1 + Math.log(count)) * known.idf }]
    })
    const length = Math.hypot(...cells.map(({ weight }) => weight)) || 1
    return {
      terms: Int32Array.from(cells, ({ index }) => index),
      weights: Float64Array.from(cells, ({ weight }) => weight / length),
    }
  })
  return { rows, size: kept.length }
}

function chooseCentres(
  rows: readonly Row[],
  { k, size, random }: { k: number; size: number; random: () => number },
): Float64Array[] {
  const centres = [toCentre(rows[Math.floor(random() * rows.length)]!, size)]
  const distances = rows.map((row) => distance(row, centres[0]!))
  while (centres.length < Math.min(k, rows.length)) {
    let left = random() * distances.reduce((sum, value) => sum + value, 0)
    const chosen = distances.findIndex((value) => (left -= value) <= 0)
    const centre = toCentre(rows[chosen === -1 ? rows.length - 1 : chosen]!, size)
    centres.push(centre)
    for (const [at, row] of rows.entries()) distances[at] = Math.min(distances[at] ?? 0, distance(row, centre))
  }
  return centres
}

function toCentre({ terms, weights }: Row, size: number): Float64Array {
  const centre = new Float64Array(size)
  for (const [at, term] of terms.entries()) centre[term] = weights[at] ?? 0
  return centre
}

const distance = (row: Row, centre: Float64Array): number => Math.max(0, 1 - dot(row, centre))

function dot({ terms, weights }: Row, centre: Float64Array): number {
  let sum = 0
  for (let at = 0; at < terms.length; at++) sum += (weights[at] ?? 0) * (centre[terms[at] ?? 0] ?? 0)
  return sum
}

function nearest(row: Row, centres: readonly Float64Array[]): { index: number } {
  let best = { index: 0, likeness: -Infinity }
  for (const [index, centre] of centres.entries()) {
    const likeness = dot(row, centre)
    if (likeness > best.likeness) best = { index, likeness }
  }
  return best
}

function meansOf(
  rows: readonly Row[],
  labels: Int32Array,
  { k, size, old }: { k: number; size: number; old: readonly Float64Array[] },
): Float64Array[] {
  const sums = Array.from({ length: k }, () => new Float64Array(size))
  for (const [at, { terms, weights }] of rows.entries()) {
    const sum = sums[labels[at] ?? 0]!
    for (const [cell, term] of terms.entries()) sum[term]! += weights[cell] ?? 0
  }
  return sums.map((sum, index) => {
    const length = Math.hypot(...sum)
    return length === 0 ? old[index]! : sum.map((value) => value / length)
  })
}
