// An overview by arithmetic: the groups in order of size, with the numbers as they were given.

type Group = { id: string; title: string; count: string; share: string }
export type OverviewAnswer = {
  overview: string
  key_points: { text: string; cluster_ids: string[]; quotes: number[] }[]
}

/** From lines `id | title | n traces, p %; … | summary` and quotes `1. (id) text`. */
export function writeOverview(blocks: ReadonlyMap<string, string>): OverviewAnswer {
  const groups = readGroups(blocks.get('groups') ?? '')
  const quotes = readQuotes(blocks.get('quotes') ?? '')
  const total = /(\d+) traces summarized/.exec(blocks.get('counts') ?? '')?.[1] ?? '0'
  const top = groups.filter(({ id }) => !id.includes('.')).sort((a, b) => Number(b.count) - Number(a.count))
  const [first, second, third] = top
  const sentences = [
    first === undefined
      ? `None of the ${total} traces could be grouped.`
      : `Of the ${total} traces that were summarized, ${first.count} (${first.share} %) are about this: ${first.title}.`,
    second === undefined ? '' : `Next comes ${second.title}, with ${second.count} traces (${second.share} %).`,
    third === undefined ? '' : `Then follows ${third.title}, with ${third.count} traces (${third.share} %).`,
  ]
  return {
    overview: sentences.filter((sentence) => sentence !== '').join(' '),
    key_points: top.slice(0, 7).map((group) => {
      const children = groups.filter(
        ({ id }) => id.startsWith(`${group.id}.`) && !id.slice(group.id.length + 1).includes('.'),
      )
      const [largest] = children.sort((a, b) => Number(b.count) - Number(a.count))
      const inside = largest === undefined ? '' : ` The largest part of it is ${largest.title} (${largest.count}).`
      return {
        text: `${group.title}: ${group.count} traces, ${group.share} % of all.${inside}`,
        cluster_ids: [group.id],
        quotes: quotes
          .filter(({ id }) => id === group.id || id.startsWith(`${group.id}.`))
          .slice(0, 2)
          .map(({ number }) => number),
      }
    }),
  }
}

function readGroups(block: string): Group[] {
  return block.split('\n').flatMap((line) => {
    const match = /^\s*([\d.]+) \| (.*?) \| (\d+) traces, (\d+) %/.exec(line)
    if (match === null) return []
    const [, id = '', title = '', count = '', share = ''] = match
    return [{ id, title, count, share }]
  })
}

function readQuotes(block: string): { number: number; id: string }[] {
  return block.split('\n').flatMap((line) => {
    const match = /^(\d+)\. \(([\d.]+)\)/.exec(line)
    return match === null ? [] : [{ number: Number(match[1]), id: match[2] ?? '' }]
  })
}
