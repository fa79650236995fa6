import { panelCols, tileRowNumbers, tileRows, tileSource } from './tile.ts'

/** `out[i * width + j] = <a row i, b column j>` for whole panels. */
export function multiplySource(): string {
  return `
export function multiply(a0: usize, rows: i32, depth: i32, packed: usize, panels: i32, out: usize, width: i32): void {
  const stride: usize = <usize>depth << 2;
  const line: usize = <usize>width << 2;
  for (let p = 0; p < panels; p++) {
    const panel: usize = packed + <usize>p * depth * ${panelCols * 4};
    for (let i = 0; i < rows; i += ${tileRows}) {
      const a: usize = a0 + <usize>i * stride;
${tileSource('plain')}
      const o: usize = out + <usize>i * line + (<usize>p << 5);
${tileRowNumbers.map((r) => `      v128.store(o + ${r} * line, s${r}); v128.store(o + ${r} * line, s${r}b, 16);`).join('\n')}
    }
  }
}
`
}
