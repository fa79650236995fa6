import { panelCols, tileRowNumbers, tileRows, tileSource } from './tile.ts'

/** The number of a padding column. */
export const noColumn = 0xffffffff

/**
 * The nearest few columns of every row by a merging cost: `lists` entries a row, nearest first, the lower number first
 * among equals. The cost is Ward's `2 s t / (s + t) · (|a|² + |b|² - 2 <a, b>)` where the sizes s and t are not zero, and
 * `|a|² + |b|² - <a, b>` (norms hold what the caller wants added) where `isWard` is 0.
 *
 * `searchRows` compares rows with all columns. `searchPairs` compares every point with those of higher number and enters
 * the pair in both lists; rows are then columns too, and `worst` holds the last cost in the list of every column.
 */
export function searchSource(): string {
  return `
${searchOne}
${searchFunction('searchRows')}
${searchFunction('searchPairs')}
`
}

const searchOne = `
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
function enterRow(mask: i32, found: usize, costs: usize, ids: usize, lists: i32, self: u32, columnIds: usize): void {
  while (mask) {
    const c = ctz(mask); mask &= mask - 1;
    const id = load<u32>(columnIds + (c << 2));
    if (id == self || id == ${noColumn}) continue;
    const cost = load<f32>(found + (c << 2));
    if (belongs(costs, ids, lists, cost, id)) insert(costs, ids, lists, cost, id);
  }
}
function enterPair(mask: i32, found: usize, costs: usize, ids: usize, lists: i32, self: u32, columnIds: usize, worst: usize): void {
  const line: usize = <usize>lists << 2;
  while (mask) {
    const c = ctz(mask); mask &= mask - 1;
    const id = load<u32>(columnIds + (c << 2));
    if (id <= self || id == ${noColumn}) continue;
    const cost = load<f32>(found + (c << 2));
    let own = <usize>self * line;
    if (belongs(costs + own, ids + own, lists, cost, id)) insert(costs + own, ids + own, lists, cost, id);
    own = <usize>id * line;
    if (belongs(costs + own, ids + own, lists, cost, self)) {
      insert(costs + own, ids + own, lists, cost, self);
      store<f32>(worst + (c << 2), load<f32>(costs + own + line - 4));
    }
  }
}`

function searchFunction(name: 'searchRows' | 'searchPairs'): string {
  const isPairs = name === 'searchPairs'
  const enter = isPairs
    ? `if (mask) { v128.store(found, v0); v128.store(found, v1, 16); enterPair(mask, found, costs, ids, lists, load<u32>(rowIds + (row << 2)), columnIds + po, worst + po); w0 = v128.load(worst + po); w1 = v128.load(worst + po, 16); }`
    : `if (mask) { v128.store(found, v0); v128.store(found, v1, 16); enterRow(mask, found, costs + row * line, ids + row * line, lists, load<u32>(rowIds + (row << 2)), columnIds + po); }`
  const last = isPairs
    ? `last = v128.load32_splat(costs + <usize>load<u32>(rowIds + (row << 2)) * line + line - 4);`
    : `last = v128.load32_splat(costs + row * line + line - 4);`
  const [limit0, limit1] = isPairs ? ['f32x4.max(last, w0)', 'f32x4.max(last, w1)'] : ['last', 'last']
  return `
export function ${name}(
  a0: usize, rows: i32, depth: i32, rowNorms: usize, rowSizes: usize, rowIds: usize, packed: usize, firstPanel: i32, panels: i32,
  norms: usize, sizes: usize, columnIds: usize, costs: usize, ids: usize, lists: i32, isWard: i32, found: usize${isPairs ? ', worst: usize' : ''},
): void {
  const stride: usize = <usize>depth << 2, line: usize = <usize>lists << 2;
  const two = f32x4.splat(2);
  for (let p = firstPanel; p < panels; p++) {
    const panel: usize = packed + <usize>p * depth * ${panelCols * 4}, po: usize = <usize>p << 5;
    const n0 = v128.load(norms + po), n1 = v128.load(norms + po, 16), t0 = v128.load(sizes + po), t1 = v128.load(sizes + po, 16);
    for (let i = 0; i < rows; i += ${tileRows}) {
      const a: usize = a0 + <usize>i * stride;
${tileSource('fused')}
      let row: usize, norm: v128, size: v128, last: v128, v0: v128, v1: v128, mask: i32;${isPairs ? ' let w0 = v128.load(worst + po), w1 = v128.load(worst + po, 16);' : ''}
${tileRowNumbers
  .map(
    (r) => `      row = <usize>(i + ${r}); norm = v128.load32_splat(rowNorms + (row << 2)); ${last}
      if (isWard) {
        size = v128.load32_splat(rowSizes + (row << 2));
        v0 = f32x4.sub(f32x4.add(norm, n0), f32x4.mul(two, s${r})); v1 = f32x4.sub(f32x4.add(norm, n1), f32x4.mul(two, s${r}b));
        v0 = f32x4.mul(v0, f32x4.div(f32x4.mul(two, f32x4.mul(size, t0)), f32x4.add(size, t0)));
        v1 = f32x4.mul(v1, f32x4.div(f32x4.mul(two, f32x4.mul(size, t1)), f32x4.add(size, t1)));
      } else { v0 = f32x4.sub(f32x4.add(norm, n0), s${r}); v1 = f32x4.sub(f32x4.add(norm, n1), s${r}b); }
      mask = i32x4.bitmask(f32x4.le(v0, ${limit0})) | (i32x4.bitmask(f32x4.le(v1, ${limit1})) << 4);
      ${enter}`,
  )
  .join('\n')}
    }
  }
}`
}
