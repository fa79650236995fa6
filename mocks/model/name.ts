// Names by extraction: the member whose words are frequent inside and rare outside lends its title.
import { capitalize, firstWords, toContentWords } from './sentences.ts'

/** Title and description of a leaf, from lines `- title: summary` of members and of what stands near. */
export function nameLeaf(members: string, outside: string): { title: string; description: string } {
  const inside = toLines(members)
  const weight = toWeights(inside, toLines(outside))
  const titles = inside.map((line) => line.split(': ')[0] ?? line)
  const scored = titles.map((title, index) => {
    const words = [...new Set(toContentWords(title))]
    const sum = words.reduce((total, word) => total + (weight.get(word) ?? 0), 0)
    return { title, index, score: sum / Math.sqrt(words.length + 2) }
  })
  const best = scored.sort((a, b) => b.score - a.score || a.index - b.index)[0]?.title ?? 'Nothing said'
  const words = topWords(weight, 4)
  return {
    title: capitalize(firstWords(best, 10)),
    description: `These traces were about ${listed(words, 'the same thing')}. The nearest ones outside had less of that.`,
  }
}

/** Title and description of an upper group, from lines `- (n traces) title: description`, largest first. */
export function nameParent(groups: string, outside: string): { title: string; description: string } {
  const lines = toLines(groups).map((line) => line.replace(/^\(\d+ traces\) /, ''))
  const titles = lines.map((line) => line.split(': ')[0] ?? line)
  const shared = topWords(toWeights(titles, toLines(outside)), 2).filter(
    (word) => titles.filter((title) => toContentWords(title).includes(word)).length > titles.length / 2,
  )
  const [first = 'Nothing said', second] = titles
  const both = toPair(first, second)
  return {
    title: capitalize(firstWords(shared.length === 2 ? `${shared.join(' ')}: ${lowerFirst(both)}` : both, 10)),
    description: `These groups belonged together: ${titles.slice(0, 3).map(lowerFirst).join('; ')}. The nearest traces outside were about something else.`,
  }
}

/** Numbers of the groups, from lines `1. title: description`, whose titles have most of their words in common. */
export function findSame(groups: string): number[][] {
  const titles = toNumbered(groups).map((line) => new Set(toContentWords(line.split(': ')[0] ?? line)))
  const open = new Set(titles.keys())
  const same: number[][] = []
  for (const at of open) {
    const alike = [...open].filter((other) => other >= at && jaccard(titles[at]!, titles[other]!) >= mostInCommon)
    if (alike.length < 2) continue
    for (const other of alike) open.delete(other)
    same.push(alike.map((other) => other + 1))
  }
  return same
}

const mostInCommon = 0.6

/** The number of the group that has most words in common with this one. */
export function findPlace(group: string, groups: string): number {
  const own = new Set(toContentWords(group))
  const shared = toNumbered(groups).map((line) => new Set(toContentWords(line)).intersection(own).size)
  return shared.indexOf(Math.max(...shared)) + 1
}

function toNumbered(block: string): string[] {
  return block.split('\n').map((line) => line.replace(/^\d+\. /, ''))
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const union = a.union(b).size
  return union === 0 ? 0 : a.intersection(b).size / union
}

/** Both titles where they fit into ten words, else the larger group's with a word for the rest. */
function toPair(first: string, second: string | undefined): string {
  if (second === undefined) return first
  const pair = `${first} and ${lowerFirst(second)}`
  return pair.split(' ').length <= 10 ? pair : `${firstWords(first, 8)} and more`
}

function toLines(block: string): string[] {
  return block
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => line.slice(2))
}

/** How much more often a word stands inside than outside, per line. */
function toWeights(inside: readonly string[], outside: readonly string[]): Map<string, number> {
  const share = (lines: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>()
    for (const line of lines) {
      for (const word of new Set(toContentWords(line))) counts.set(word, (counts.get(word) ?? 0) + 1 / lines.length)
    }
    return counts
  }
  const without = share(outside)
  return new Map([...share(inside)].map(([word, value]) => [word, value - (without.get(word) ?? 0)]))
}

/** Words of the answer's own frame, such as "user" and "assistant", tell nothing apart. */
const frame = new Set([
  'user',
  'assistant',
  'answered',
  'said',
  'settled',
  'stayed',
  'open',
  'ended',
  'passed',
  'person',
])

function topWords(weights: ReadonlyMap<string, number>, count: number): string[] {
  return [...weights]
    .filter(([word, weight]) => weight > 0 && !frame.has(word))
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([word]) => word)
}

function listed(words: readonly string[], otherwise: string): string {
  if (words.length < 2) return words[0] ?? otherwise
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}/u.test(text) ? `${text.slice(0, 1).toLowerCase()}${text.slice(1)}` : text
}
