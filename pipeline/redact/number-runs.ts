/** A stretch of a text, end exclusive. */
export type Run = { start: number; end: number }

const leastDigits = 6

/**
 * The stretches of digits, capitals, spaces and the signs people put between digits, with six digits or more. Numbers of
 * any kind stand in these alone, and they are a small part of most texts: one pass here saves forty over the whole.
 */
export function findNumberRuns(text: string): Run[] {
  const runs: Run[] = []
  let start = -1
  let digits = 0
  for (let at = 0; at <= text.length; at++) {
    const kind = at < text.length ? (kinds[text.charCodeAt(at)] ?? 0) : 0
    if (kind === 0) {
      if (digits >= leastDigits) runs.push({ start, end: at })
      start = -1
      digits = 0
    } else {
      if (start === -1) start = at
      if (kind === 2) digits++
    }
  }
  return runs
}

/** 2 for a digit, 1 for what may stand between, 0 for everything else. */
const kinds = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ .+-/()') kinds[character.charCodeAt(0)] = 1
for (const character of '0123456789') kinds[character.charCodeAt(0)] = 2
