// Text from outside goes to a model only between marks that it can neither know nor contain.
import { hash } from 'node:crypto'

export type DataBlock = { label: string; text: string }

/**
 * A mark that looks random, follows from the content alone (the same message twice is the same, so caches work), and
 * stands in none of the texts: with a hash of 64 bits that is all but certain, and it is checked all the same.
 */
export function toMark(texts: readonly string[]): string {
  for (let round = 0; ; round++) {
    const mark = hash('sha256', JSON.stringify([round, ...texts])).slice(0, 16)
    if (!texts.some((text) => text.toLowerCase().includes(mark))) return mark
  }
}

/**
 * A user message: every block between `begin <label> <mark>` and `end <label> <mark>`, then the task in our own words.
 * Nothing from outside stands anywhere else.
 */
export function toUserMessage(blocks: readonly DataBlock[], task: string): string {
  const mark = toMark(blocks.map(({ text }) => text))
  const fenced = blocks.map(({ label, text }) => `begin ${label} ${mark}\n${text}\nend ${label} ${mark}`)
  return [`The mark of this message is ${mark}.`, ...fenced, task].join('\n\n')
}
