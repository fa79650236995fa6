// What must be masked and what must not, one line each; values made by Faker for twenty countries, sentences by hand.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Planted = { kind: string; text: string; values: string[] }
export type LookAlike = { text: string }

export const planted = readLines<Planted>('planted.jsonl')
export const lookAlikes = readLines<LookAlike>('look-alikes.jsonl')

export type RedactionScores = { recall: number; precision: number; missed: string[]; wronglyMasked: string[] }

/** A value counts as found when nothing of it is left and a placeholder of its kind is there. */
export function scoreRedaction(mask: (text: string) => string): RedactionScores {
  const missed: string[] = []
  let found = 0
  for (const { kind, text, values } of planted) {
    const masked = mask(text)
    for (const value of values) {
      if (!masked.includes(value) && masked.includes(`[${kind}-`)) found++
      else missed.push(`${kind}: ${text}`)
    }
  }
  const wronglyMasked = lookAlikes.filter(({ text }) => mask(text) !== text).map(({ text }) => text)
  return {
    recall: found / (found + missed.length),
    precision: found / (found + wronglyMasked.length),
    missed,
    wronglyMasked,
  }
}

function readLines<T>(name: string): T[] {
  const text = readFileSync(join(import.meta.dirname, name), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}
