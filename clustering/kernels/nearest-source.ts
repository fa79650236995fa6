import { panelCols, tileRowNumbers, tileRows, tileSource } from './tile.ts'

/** Bytes of the running state of a row: best values, their columns and second best values of four lanes. */
export const nearestStateBytes = 48

/**
 * For every row the column with the largest `<row, column> - half[column]` (the lower column wins ties), and how far it is
 * ahead of the second. `half` of a padding column is Infinity.
 */
export function nearestSource(): string {
  const compare = (sum: string, half: string, columns: string) => `
      v = f32x4.sub(${sum}, ${half}); isBetter = f32x4.gt(v, best);
      second = f32x4.pmax(f32x4.pmin(v, best), second);
      best = v128.bitselect(v, best, isBetter); at = v128.bitselect(${columns}, at, isBetter);`
  return `
export function nearest(
  a0: usize, rows: i32, depth: i32, packed: usize, panels: i32, half: usize, state: usize, outColumn: usize, outLead: usize,
): void {
  const stride: usize = <usize>depth << 2;
  const lanes = i32x4(0, 1, 2, 3);
  for (let i = 0; i < rows; i++) {
    const own = state + <usize>i * ${nearestStateBytes};
    v128.store(own, f32x4.splat(-Infinity)); v128.store(own, i32x4.splat(0), 16); v128.store(own, f32x4.splat(-Infinity), 32);
  }
  for (let p = 0; p < panels; p++) {
    const panel: usize = packed + <usize>p * depth * ${panelCols * 4};
    const h0 = v128.load(half + (<usize>p << 5)), h1 = v128.load(half + (<usize>p << 5), 16);
    const j0 = i32x4.add(i32x4.splat(p << 3), lanes), j1 = i32x4.add(i32x4.splat((p << 3) + 4), lanes);
    for (let i = 0; i < rows; i += ${tileRows}) {
      const a: usize = a0 + <usize>i * stride;
${tileSource('fused')}
      let own = state + <usize>i * ${nearestStateBytes};
      let v: v128, isBetter: v128, best: v128, at: v128, second: v128;
${tileRowNumbers
  .map(
    (
      r,
    ) => `      best = v128.load(own, ${r * nearestStateBytes}); at = v128.load(own, ${r * nearestStateBytes + 16}); second = v128.load(own, ${r * nearestStateBytes + 32});
${compare(`s${r}`, 'h0', 'j0')}${compare(`s${r}b`, 'h1', 'j1')}
      v128.store(own, best, ${r * nearestStateBytes}); v128.store(own, at, ${r * nearestStateBytes + 16}); v128.store(own, second, ${r * nearestStateBytes + 32});`,
  )
  .join('\n')}
    }
  }
  for (let i = 0; i < rows; i++) {
    const own = state + <usize>i * ${nearestStateBytes};
    let best = load<f32>(own), column = load<i32>(own, 16), second = load<f32>(own, 32);
    for (let lane = 1; lane < 4; lane++) {
      const v = load<f32>(own + (lane << 2)), c = load<i32>(own + (lane << 2), 16);
      second = max(second, load<f32>(own + (lane << 2), 32));
      if (v > best || (v == best && c < column)) { second = max(second, best); best = v; column = c; }
      else second = max(second, v);
    }
    store<i32>(outColumn + (<usize>i << 2), column);
    store<f32>(outLead + (<usize>i << 2), best - second);
  }
}
`
}
