import { panelCols, tileRowNumbers, tileRows, tileSource } from './tile.ts'

/** The number of a padding column. */
export const noColumn = 0xffffffff

/**
 * The nearest few columns of every row by a merging cost: `lists` entries a row, nearest first, the lower number first
 * among equals. The cost is Ward's `2 s t / (s + t) · (|a|² + |b|² - 2 <a, b>)` where the sizes s and t are not zero, and
 * `|a|² + |b|² - <a, b>` (norms hold what the caller wants added) where `isWard` is 0.
 *
 * `searchRows` compares rows with all columns. `searchPairs` compares every point with those of higher number and enters
 * the pair in both lists. It looks at the points rounded to bytes first, four times as many at once: `floors` are the norms
 * less what the rounding can hide of a product, so what these say is never more than the cost, and only pairs that may
 * belong in a list are multiplied in full. `worst` and `lasts` hold the last cost in the list of every column and row; there
 * is room for four numbers before the latter.
 */
export function searchSource(): string {
  return `
${lists}
${searchRows}
${searchPairs}
`
}

const lists = `
@inline function insert(costs: usize, ids: usize, lists: i32, cost: f32, id: u32): void {
  let t = lists - 1;
  while (t > 0) {
    const before = load<f32>(costs + ((t - 1) << 2));
    if (before < cost || (before == cost && load<u32>(ids + ((t - 1) << 2)) < id)) break;
    store<f32>(costs + (t << 2), before); store<u32>(ids + (t << 2), load<u32>(ids + ((t - 1) << 2))); t--;
  }
  store<f32>(costs + (t << 2), cost); store<u32>(ids + (t << 2), id);
}
@inline function belongs(costs: usize, ids: usize, lists: i32, cost: f32, id: u32): bool {
  const last = load<f32>(costs + ((lists - 1) << 2));
  return cost < last || (cost == last && id < load<u32>(ids + ((lists - 1) << 2)));
}
function product(x: usize, y: usize, depth: i32): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  const end = x + (<usize>depth << 2);
  for (; x + 64 <= end; x += 64, y += 64) {
    s0 = f32x4.relaxed_madd(v128.load(x), v128.load(y), s0); s1 = f32x4.relaxed_madd(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = f32x4.relaxed_madd(v128.load(x, 32), v128.load(y, 32), s2); s3 = f32x4.relaxed_madd(v128.load(x, 48), v128.load(y, 48), s3);
  }
  for (; x < end; x += 16, y += 16) s0 = f32x4.relaxed_madd(v128.load(x), v128.load(y), s0);
  const s = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
}
function enterPair(
  mask: i32, self: u32, firstColumn: u32, count: u32, points: usize, depth: i32, norms: usize, sizes: usize,
  costs: usize, ids: usize, lists: i32, isWard: i32, worst: usize,
): void {
  const line: usize = <usize>lists << 2, width: usize = <usize>depth << 2;
  while (mask) {
    const id = firstColumn + ctz(mask); mask &= mask - 1;
    if (id <= self || id >= count) continue;
    const p = product(points + <usize>self * width, points + <usize>id * width, depth);
    let cost = load<f32>(norms + (self << 2)) + load<f32>(norms + (id << 2)) - p;
    if (isWard) {
      const s = load<f32>(sizes + (self << 2)), t = load<f32>(sizes + (id << 2));
      cost = (cost - p) * (2 * s * t / (s + t));
    }
    let own = <usize>self * line;
    if (belongs(costs + own, ids + own, lists, cost, id)) insert(costs + own, ids + own, lists, cost, id);
    own = <usize>id * line;
    if (belongs(costs + own, ids + own, lists, cost, self)) {
      insert(costs + own, ids + own, lists, cost, self);
      store<f32>(worst + (id << 2), load<f32>(costs + own + line - 4));
    }
  }
}`

/** Rows and columns that are multiplied at once: few rows have to be found among all, and packing all would take longer. */
export const searchTileRows = 4
export const searchTileCols = 2
const rowNumbers = Array.from({ length: searchTileRows }, (_, r) => r)
const columnNumbers = Array.from({ length: searchTileCols }, (_, c) => c)

const searchRows = `
@inline function sums(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const x = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const y = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(x, y, 0, 1, 4, 5), v128.shuffle<f32>(x, y, 2, 3, 6, 7));
}
function enterRows(mask: i32, found: v128, row: usize, rowIds: usize, costs: usize, ids: usize, lists: i32, lasts: usize, id: u32): void {
  const line: usize = <usize>lists << 2;
  store<v128>(lasts - 16, found);
  while (mask) {
    const r: usize = row + ctz(mask); const cost = load<f32>(lasts - 16 + (<usize>ctz(mask) << 2)); mask &= mask - 1;
    if (id == load<u32>(rowIds + (r << 2)) || id == ${noColumn}) continue;
    if (!belongs(costs + r * line, ids + r * line, lists, cost, id)) continue;
    insert(costs + r * line, ids + r * line, lists, cost, id);
    store<f32>(lasts + (r << 2), load<f32>(costs + r * line + line - 4));
  }
}
export function searchRows(
  a0: usize, rows: i32, depth: i32, rowNorms: usize, rowSizes: usize, rowIds: usize, b0: usize, columns: i32,
  norms: usize, sizes: usize, columnIds: usize, costs: usize, ids: usize, lists: i32, isWard: i32, lasts: usize,
): void {
  const stride: usize = <usize>depth << 2;
  const two = f32x4.splat(2);
  for (let j = 0; j < columns; j += ${searchTileCols}) {
    for (let i = 0; i < rows; i += ${searchTileRows}) {
${rowNumbers.map((r) => `      let x${r} = a0 + <usize>(i + ${r}) * stride;`).join('\n')}
${columnNumbers.map((c) => `      let y${c} = b0 + <usize>(j + ${c}) * stride, ${rowNumbers.map((r) => `s${r}${c} = f32x4.splat(0)`).join(', ')};`).join('\n')}
      const end = x0 + stride;
      while (x0 < end) {
        let v: v128;
        const ${columnNumbers.map((c) => `w${c} = v128.load(y${c})`).join(', ')};
${rowNumbers.map((r) => `        v = v128.load(x${r}); ${columnNumbers.map((c) => `s${r}${c} = f32x4.relaxed_madd(v, w${c}, s${r}${c});`).join(' ')}`).join('\n')}
        ${[...rowNumbers.map((r) => `x${r} += 16;`), ...columnNumbers.map((c) => `y${c} += 16;`)].join(' ')}
      }
      const at = <usize>i << 2, norm = v128.load(rowNorms + at), size = v128.load(rowSizes + at);
      let other: usize, t: v128, v: v128, mask: i32;
${columnNumbers
  .map(
    (c) => `      other = <usize>(j + ${c}) << 2; v = sums(${rowNumbers.map((r) => `s${r}${c}`).join(', ')});
      if (isWard) {
        t = v128.load32_splat(sizes + other);
        v = f32x4.sub(f32x4.add(norm, v128.load32_splat(norms + other)), f32x4.mul(two, v));
        v = f32x4.mul(v, f32x4.div(f32x4.mul(two, f32x4.mul(size, t)), f32x4.add(size, t)));
      } else v = f32x4.sub(f32x4.add(norm, v128.load32_splat(norms + other)), v);
      mask = i32x4.bitmask(f32x4.le(v, v128.load(lasts + at)));
      if (mask) enterRows(mask, v, i, rowIds, costs, ids, lists, lasts, load<u32>(columnIds + other));`,
  )
  .join('\n')}
    }
  }
}`

const searchPairs = `
export function searchPairs(
  a0: usize, firstRow: i32, rows: i32, depth: i32, rowFloors: usize, rowScales: usize, rowShifts: usize,
  packed: usize, count: i32, floors: usize, scales: usize,
  points: usize, pointDepth: i32, norms: usize, sizes: usize, costs: usize, ids: usize, lists: i32, isWard: i32, worst: usize,
): void {
  const stride: usize = <usize>depth << 2, panels = (count + ${panelCols - 1}) / ${panelCols};
  const two = f32x4.splat(2), ward = f32x4.splat(isWard ? 2 : 1);
  for (let p = firstRow / ${panelCols}; p < panels; p++) {
    const panel: usize = packed + <usize>p * depth * ${panelCols * 4}, po: usize = <usize>p << 5;
    const n0 = v128.load(floors + po), n1 = v128.load(floors + po, 16), t0 = v128.load(sizes + po), t1 = v128.load(sizes + po, 16);
    const c0 = f32x4.mul(ward, v128.load(scales + po)), c1 = f32x4.mul(ward, v128.load(scales + po, 16));
    for (let i = 0; i < rows; i += ${tileRows}) {
      const a: usize = a0 + <usize>i * stride;
${tileSource('bytes')}
      let self: i32, at: usize, own: usize, last: v128, norm: v128, scale: v128, shift: v128, size: v128, w0: v128, w1: v128, v0: v128, v1: v128, mask: i32;
      w0 = v128.load(worst + po); w1 = v128.load(worst + po, 16);
${tileRowNumbers
  .map(
    (r) => `      self = min(firstRow + i + ${r}, count - 1); at = <usize>self << 2; own = <usize>(i + ${r}) << 2;
      norm = v128.load32_splat(rowFloors + own); scale = v128.load32_splat(rowScales + own); shift = v128.load32_splat(rowShifts + own);
      last = v128.load32_splat(costs + (<usize>(self + 1) * lists << 2) - 4);
      v0 = f32x4.sub(f32x4.add(norm, n0), f32x4.mul(f32x4.mul(scale, c0), f32x4.convert_i32x4_s(i32x4.sub(s${r}, shift))));
      v1 = f32x4.sub(f32x4.add(norm, n1), f32x4.mul(f32x4.mul(scale, c1), f32x4.convert_i32x4_s(i32x4.sub(s${r}b, shift))));
      if (isWard) {
        size = v128.load32_splat(sizes + at);
        v0 = f32x4.mul(v0, f32x4.div(f32x4.mul(two, f32x4.mul(size, t0)), f32x4.add(size, t0)));
        v1 = f32x4.mul(v1, f32x4.div(f32x4.mul(two, f32x4.mul(size, t1)), f32x4.add(size, t1)));
      }
      mask = i32x4.bitmask(f32x4.le(v0, f32x4.max(last, w0))) | (i32x4.bitmask(f32x4.le(v1, f32x4.max(last, w1))) << 4);
      if (mask) { enterPair(mask, self, p * ${panelCols}, count, points, pointDepth, norms, sizes, costs, ids, lists, isWard, worst); w0 = v128.load(worst + po); w1 = v128.load(worst + po, 16); }`,
  )
  .join('\n')}
    }
  }
}`
