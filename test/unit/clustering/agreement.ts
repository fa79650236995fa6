/** How well a partition agrees with labels, each from 0 to 1 (ARI may fall below 0). */
export type Agreement = { clusters: number; ARI: number; NMI: number; ACC: number }

/**
 * Adjusted Rand index (Hubert & Arabie 1985), normalised mutual information (arithmetic mean), and accuracy under the
 * best one-to-one matching of clusters to labels (Kuhn 1955).
 */
export function agreementOf(labels: readonly unknown[], clusters: ArrayLike<number>): Agreement {
  const truth = numbered(labels)
  const found = numbered(Array.from(clusters))
  const table = Array.from({ length: truth.count }, () => new Float64Array(found.count))
  truth.numbers.forEach((label, i) => table[label]![found.numbers[i]!]!++)
  const rowSums = table.map((row) => row.reduce((sum, value) => sum + value, 0))
  const colSums = Array.from({ length: found.count }, (_, j) => table.reduce((sum, row) => sum + row[j]!, 0))
  const total = labels.length
  const pairs = (count: number) => (count * (count - 1)) / 2
  const sumOf = (values: Iterable<number>, of: (value: number) => number) =>
    Array.from(values, of).reduce((a, b) => a + b, 0)
  const together = sumOf(
    table.flatMap((row) => Array.from(row)),
    pairs,
  )
  const expected = (sumOf(rowSums, pairs) * sumOf(colSums, pairs)) / pairs(total)
  const most = (sumOf(rowSums, pairs) + sumOf(colSums, pairs)) / 2
  const entropy = (counts: readonly number[]) =>
    -sumOf(counts, (count) => (count > 0 ? (count / total) * Math.log(count / total) : 0))
  let information = 0
  table.forEach((row, i) =>
    row.forEach((count, j) => {
      if (count > 0) information += (count / total) * Math.log((count * total) / (rowSums[i]! * colSums[j]!))
    }),
  )
  const entropies = entropy(rowSums) + entropy(colSums)
  return {
    clusters: found.count,
    ARI: most === expected ? 1 : (together - expected) / (most - expected),
    NMI: entropies === 0 ? 1 : (2 * information) / entropies,
    ACC: bestMatching(table, found.count) / total,
  }
}

function numbered(values: readonly unknown[]): { numbers: number[]; count: number } {
  const numberOf = new Map<unknown, number>()
  const numbers = values.map((value) => {
    const number = numberOf.get(value) ?? numberOf.size
    numberOf.set(value, number)
    return number
  })
  return { numbers, count: numberOf.size }
}

/** The largest sum of table entries with no two in a row or column: the Hungarian method with potentials, O(n³). */
function bestMatching(table: readonly Float64Array[], cols: number): number {
  const size = Math.max(table.length, cols)
  const cost = (i: number, j: number) => -(table[i]?.[j] ?? 0)
  const rowPotential = new Float64Array(size + 1)
  const colPotential = new Float64Array(size + 1)
  const rowOfCol = new Int32Array(size + 1)
  const way = new Int32Array(size + 1)
  for (let row = 1; row <= size; row++) {
    rowOfCol[0] = row
    let col = 0
    const slack = new Float64Array(size + 1).fill(Infinity)
    const used = new Uint8Array(size + 1)
    do {
      used[col] = 1
      const current = rowOfCol[col]!
      let delta = Infinity
      let next = 0
      for (let j = 1; j <= size; j++) {
        if (used[j] === 1) continue
        const reduced = cost(current - 1, j - 1) - rowPotential[current]! - colPotential[j]!
        if (reduced < slack[j]!) {
          slack[j] = reduced
          way[j] = col
        }
        if (slack[j]! < delta) [delta, next] = [slack[j]!, j]
      }
      for (let j = 0; j <= size; j++) {
        if (used[j] === 1) {
          rowPotential[rowOfCol[j]!] = rowPotential[rowOfCol[j]!]! + delta
          colPotential[j] = colPotential[j]! - delta
        } else slack[j] = slack[j]! - delta
      }
      col = next
    } while (rowOfCol[col] !== 0)
    do {
      const previous = way[col]!
      rowOfCol[col] = rowOfCol[previous]!
      col = previous
    } while (col !== 0)
  }
  let sum = 0
  for (let j = 1; j <= size; j++) sum -= cost(rowOfCol[j]! - 1, j - 1)
  return sum
}
