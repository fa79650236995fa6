// The AssemblyScript source of the multiplication kernel. It is text because it is compiled by hand, once, when it changes:
//
//   node -e "import('./clustering/kernels/multiply-source.ts').then((m) => process.stdout.write(m.multiplySource()))" > m.ts
//   npx assemblyscript@0.28 asc m.ts -O3 --noAssert --runtime stub --enable simd --importMemory \
//     --initialMemory 1 --maximumMemory 65536 -o m.wasm && base64 -w0 m.wasm
//
// and the result goes into multiply-wasm.ts together with the source's hash, which a test compares.

/** Rows of the register tile: 6 × 8 sums fill twelve of the sixteen SIMD registers, the rest hold the operands. */
export const tileRows = 6
/** Columns of a panel: two SIMD registers of four. */
export const panelCols = 8
/** The inner loop is unrolled this many times, so the depth must be a multiple of it. */
export const depthStep = 4

const rows = Array.from({ length: tileRows }, (_, r) => r)
const steps = Array.from({ length: depthStep }, (_, u) => u)

/**
 * `out[i * width + j] = <a row i, b column j>` for whole panels. Goto & van de Geijn 2008 ("Anatomy of high-performance matrix
 * multiplication") explain the tile and the packing. Plain multiply and add, not the relaxed fused one: its rounding
 * depends on the processor, and the same input is to give the same bytes everywhere.
 */
export function multiplySource(): string {
  return `export function multiply(a0: usize, rows: i32, depth: i32, packed: usize, panels: i32, out: usize, width: i32): void {
  const stride: usize = <usize>depth << 2;
  const line: usize = <usize>width << 2;
  for (let p = 0; p < panels; p++) {
    const panel: usize = packed + <usize>p * depth * ${panelCols * 4};
    for (let i = 0; i < rows; i += ${tileRows}) {
      const a: usize = a0 + <usize>i * stride;
${rows.map((r) => `      let x${r} = a + ${r} * stride, s${r}0 = f32x4.splat(0), s${r}1 = f32x4.splat(0);`).join('\n')}
      let b = panel;
      const end = panel + <usize>depth * ${panelCols * 4};
      while (b < end) {
        let b0: v128, b1: v128, v: v128;
${steps.map(sourceOfStep).join('\n')}
        b += ${depthStep * panelCols * 4};
${rows.map((r) => `        x${r} += ${depthStep * 4};`).join('\n')}
      }
      const o: usize = out + <usize>i * line + (<usize>p << 5);
${rows.map((r) => `      v128.store(o + ${r} * line, s${r}0); v128.store(o + ${r} * line, s${r}1, 16);`).join('\n')}
    }
  }
}
`
}

function sourceOfStep(u: number): string {
  const load = `        b0 = v128.load(b, ${u * 32}); b1 = v128.load(b, ${u * 32 + 16});`
  const sums = rows.map(
    (r) =>
      `        v = v128.load32_splat(x${r}, ${u * 4}); s${r}0 = f32x4.add(f32x4.mul(v, b0), s${r}0); s${r}1 = f32x4.add(f32x4.mul(v, b1), s${r}1);`,
  )
  return [load, ...sums].join('\n')
}
