// The register tile that most kernels share, as AssemblyScript text. Goto & van de Geijn 2008 ("Anatomy of high-performance
// matrix multiplication") explain the tile and the packing.

/** Rows of the register tile: 6 × 8 sums fill twelve of the sixteen SIMD registers, the rest hold the operands. */
export const tileRows = 6
/** Columns of a panel: two SIMD registers of four. */
export const panelCols = 8
/** The inner loop is unrolled this many times, so the depth must be a multiple of it. */
export const depthStep = 4

/** The rows of a tile, for text that is written once a row. */
export const tileRowNumbers = Array.from({ length: tileRows }, (_, r) => r)
const steps = Array.from({ length: depthStep }, (_, u) => u)

/**
 * `plain` rounds after the multiplication and again after the addition, as every processor does it: the same bytes
 * everywhere. `fused` is half as fast again, but where a processor has no fused multiply-add its last bits differ: for
 * sums that only propose what double precision then decides. `bytes` multiplies whole numbers, four in the place of one: of
 * rows between -127 and 127, of panels between 0 and 127, where the sums are the same everywhere.
 */
export type Rounding = 'plain' | 'fused' | 'bytes'

/** Text that leaves in `s0`, `s0b`, `s1`, … the products of six rows from `a` on with the eight columns of `panel`. */
export function tileSource(rounding: Rounding): string {
  const add = (sum: string, columns: string): string => {
    switch (rounding) {
      case 'plain':
        return `${sum} = f32x4.add(f32x4.mul(v, ${columns}), ${sum});`
      case 'fused':
        return `${sum} = f32x4.relaxed_madd(v, ${columns}, ${sum});`
      case 'bytes':
        return `${sum} = i32x4.relaxed_dot_i8x16_i7x16_add_s(v, ${columns}, ${sum});`
    }
  }
  const step = (u: number) => `
        b0 = v128.load(b, ${u * 32}); b1 = v128.load(b, ${u * 32 + 16});
${tileRowNumbers.map((r) => `        v = v128.load32_splat(x${r}, ${u * 4}); ${add(`s${r}`, 'b0')} ${add(`s${r}b`, 'b1')}`).join('\n')}`
  return `
${tileRowNumbers.map((r) => `      let x${r} = a + ${r} * stride, s${r} = f32x4.splat(0), s${r}b = f32x4.splat(0);`).join('\n')}
      let b = panel;
      const end = panel + <usize>depth * ${panelCols * 4};
      while (b < end) {
        let b0: v128, b1: v128, v: v128;
${steps.map(step).join('\n')}
        b += ${depthStep * panelCols * 4};
${tileRowNumbers.map((r) => `        x${r} += ${depthStep * 4};`).join('\n')}
      }`
}
