// Sentences and words, and which of them say something.

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** The sentences of a text, trimmed; each is a literal piece of it. */
export function toSentences(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => [...segmenter.segment(line)].map(({ segment }) => segment.trim()))
    .filter((sentence) => sentence !== '')
}

const commonWords: Readonly<Record<string, string>> = {
  en: 'the and you for that with have this are was not but can what my your i is it to of in a on do me please would like want need be will just so at from as or an if am how there been has had they we he she when why which who could should all get got about any also help hi hello thanks thank',
  de: 'der die das und ich ist nicht ein eine zu mit auf für sie es den von dem habe haben wir kann bitte mein meine wie was aber noch im am wenn hat war sind danke',
  fr: 'le la les de des et je ne pas un une est pour que vous mon ma mes avec sur dans ce il elle nous au du en mais bonjour merci',
  es: 'el la los las de que y no un una es para con mi por en se lo del al como pero hola gracias yo me ha está he',
  nl: 'de het een en ik niet is van op te dat mijn met voor zijn u je maar wat hoe kan bij heb nog graag bedankt',
  it: 'il lo la gli le di che e non un una per con mio mia sono è ho come ma ciao grazie del della',
  pt: 'o a os as de que e não um uma para com meu minha por em se como mas está obrigado do da',
}
const wordsOf = new Map(Object.entries(commonWords).map(([tag, words]) => [tag, new Set(words.split(' '))]))
const allCommon = new Set([...wordsOf.values()].flatMap((words) => [...words]))

export function toWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? []
}

/** Words that carry meaning: no common words, no digits, nothing shorter than three letters. */
export function toContentWords(text: string): string[] {
  return toWords(text).filter((word) => word.length > 2 && !/\d/.test(word) && !allCommon.has(word))
}

/** The tag of the language whose common words are met most often; `und` without any. */
export function guessLanguage(text: string): string {
  const words = toWords(text)
  let best = { tag: 'und', hits: 0 }
  for (const [tag, common] of wordsOf) {
    const hits = words.filter((word) => common.has(word)).length
    if (hits > best.hits) best = { tag, hits }
  }
  return best.tag
}

/** The first `count` words, without loose ends. */
export function firstWords(text: string, count: number): string {
  const words = text.split(/\s+/)
  if (words.length <= count) return text
  const kept = words.slice(0, count)
  while (kept.length > 3 && allCommon.has((kept.at(-1) ?? '').toLowerCase())) kept.pop()
  return kept.join(' ').replace(/[\s,;:.–—-]+$/, '')
}

/** At most `maxChars` from the start, cut at a word; a literal piece of the text. */
export function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const head = text.slice(0, maxChars)
  const end = head.lastIndexOf(' ')
  return end > maxChars / 2 ? head.slice(0, end) : head.replace(/[\uD800-\uDBFF]$/, '')
}

export function capitalize(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase())
}
