// An order of rows that depends on what is in them and not on where they stand.
import type { Matrix } from './matrix.ts'

/** Rows that agree in this many places agree for this purpose. */
const placesRead = 32

/** A number for every row, made of its values and the seed. */
export function hashRows({ data, rows, cols }: Matrix, seed: number): Uint32Array {
  const words = new Uint32Array(data.buffer, data.byteOffset, rows * cols)
  const step = Math.max(1, Math.floor(cols / placesRead))
  const hashes = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) {
    // FNV-1a over words, and the last rounds of MurmurHash3 to spread it.
    let hash = 0x811c9dc5 ^ seed
    for (let k = row * cols; k < (row + 1) * cols; k += step) hash = Math.imul(hash ^ words[k]!, 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hashes[row] = hash ^ (hash >>> 16)
  }
  return hashes
}

/** The `count` rows of lowest hash, in that order; of equal hashes the lower row comes first. */
export function rowsOfLowestHash(hashes: Uint32Array, rows: Int32Array, count: number): Int32Array {
  const inOrder = (some: Int32Array) => some.sort((a, b) => hashes[a]! - hashes[b]! || a - b).slice(0, count)
  // Hashes are spread evenly: so low are a few more than are wanted, unless very many rows are equal.
  const limit = ((2 * count + 64) / rows.length) * 2 ** 32
  const low = rows.filter((row) => hashes[row]! < limit)
  return inOrder(low.length >= Math.min(count, rows.length) ? low : rows.slice())
}
