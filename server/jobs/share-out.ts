/** What one that wants nothing keeps for its first call; the rest lies ready for whoever asks. */
const spare = 2

/**
 * Divides `whole` places among those who want some, max-min fair: nobody gets more than they want while another wants for
 * more (Bertsekas and Gallager 1992, §6.5.2). Of what is left the idle keep a few, and those at work have the rest evenly.
 * Where it does not come out even, `turn` decides who is served first.
 */
export function shareOut(whole: number, wants: readonly number[], turn = 0): number[] {
  const shares = wants.map(() => 0)
  const order = wants.map((_, at) => (at + turn) % wants.length)
  let left = whole
  const serve = (isServed: (at: number) => boolean): void => {
    for (let wasGiven = true; left > 0 && wasGiven;) {
      wasGiven = false
      const level = Math.min(...order.filter(isServed).map((at) => shares[at]!))
      for (const at of order) {
        if (left === 0 || !isServed(at) || shares[at] !== level) continue
        shares[at] = level + 1
        left--
        wasGiven = true
      }
    }
  }
  serve((at) => shares[at]! < wants[at]!)
  serve((at) => wants[at] === 0 && shares[at]! < spare)
  serve((at) => wants[at]! > 0)
  return shares
}
