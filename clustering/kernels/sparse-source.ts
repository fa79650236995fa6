/** Registers that hold sums at once: most of a row in the widest step, the rest of it in the narrower ones. */
const steps = [8, 4, 1]

/**
 * `out[row] = Σ value · dense[column]` over the entries of each row: entry `i` of the rows is `columns[i]` and `values[i]`,
 * and row `r` has those from `offsets[r]` to `offsets[r + 1]`. Rows of `dense` and `out` hold `width` numbers, a multiple
 * of four. Rounds as every processor does.
 */
export function sparseSource(): string {
  const step = (registers: number) => {
    const numbers = Array.from({ length: registers }, (_, r) => r)
    return `
    for (; at + ${registers * 16} <= line; at += ${registers * 16}) {
      let ${numbers.map((r) => `s${r} = f32x4.splat(0)`).join(', ')};
      for (let i = start; i < end; i += 4) {
        const value = v128.load32_splat(values + i), from = dense + <usize>load<u32>(columns + i) * line + at;
${numbers.map((r) => `        s${r} = f32x4.add(s${r}, f32x4.mul(value, v128.load(from, ${r * 16})));`).join('\n')}
      }
${numbers.map((r) => `      v128.store(to + at, s${r}, ${r * 16});`).join('\n')}
    }`
  }
  return `
export function multiplySparse(
  offsets: usize, rows: i32, columns: usize, values: usize, dense: usize, width: i32, out: usize,
): void {
  const line: usize = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    const own = offsets + (<usize>row << 2), to = out + <usize>row * line;
    const start: usize = <usize>load<u32>(own) << 2, end: usize = <usize>load<u32>(own, 4) << 2;
    let at: usize = 0;${steps.map(step).join('')}
  }
}
`
}
