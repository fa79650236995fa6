// How a title reads in the middle of a sentence: “thermostat offline”, but “Night Saver hours” and “PIN”.

/**
 * Learns from the traces' own texts which words are names: those that most write with a capital in the middle of a
 * sentence. The function it gives turns a title's first letter small unless it belongs to a name.
 */
export function createInnerCase(
  texts: Iterable<string>,
  titles: readonly string[],
  language: string,
): (title: string) => string {
  const first = new Set(titles.flatMap((title) => wordsIn(title).map((word) => word.toLowerCase())))
  const counts = new Map<string, { small: number; capital: number }>()
  for (const text of texts) {
    for (const match of text.matchAll(/(?<=[\p{L}\p{N},] )\p{L}[\p{L}'-]*/gu)) {
      const [word] = match
      const lower = word.toLowerCase()
      if (!first.has(lower)) continue
      const count = counts.get(lower) ?? { small: 0, capital: 0 }
      counts.set(lower, count)
      if (word === lower) count.small++
      else count.capital++
    }
  }
  return (title) => {
    const [word = ''] = wordsIn(title)
    if (language === 'de' && isGermanNoun(word)) return title
    if (!/^\p{Lu}\p{Ll}/u.test(word)) return title
    const count = counts.get(word.toLowerCase())
    const isName = count !== undefined && count.capital > count.small
    return isName ? title : title[0]!.toLowerCase() + title.slice(1)
  }
}

function wordsIn(title: string): string[] {
  return title.match(/\p{L}[\p{L}'-]*/gu) ?? []
}

/** German titles begin with a noun more often than not. */
function isGermanNoun(word: string): boolean {
  return !/^(?:Nicht|Kein|Keine|Ohne|Mit|Konnte|Gelöst)$/.test(word)
}
