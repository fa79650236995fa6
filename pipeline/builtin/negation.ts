// Words that are said to be denied: “no refund”, “ich möchte keine Erstattung”.
import { stemOf } from '#/clustering/text/stem.ts'

const denials: Readonly<Record<string, readonly string[]>> = toLists({
  en: "no not never without neither nor don't doesn't didn't isn't wasn't aren't",
  de: 'kein keine keinen keinem keiner keines nicht nie ohne weder',
  fr: 'pas sans aucun aucune jamais ni',
  es: 'no sin ningún ninguna nunca ni',
  nl: 'geen niet nooit zonder',
})
/** What may stand between a denial and what it denies: “not received my refund” denies the receiving, not the refund. */
const between: Readonly<Record<string, readonly string[]>> = toLists({
  en: 'a an the any to for want wanted need needed ask asked asking request requesting like',
  de: 'ein eine einen einem einer der die das den dem um zu mehr',
  fr: 'de un une le la les du demandé demande veux besoin',
  es: 'un una el la los las de quiero pido pedí necesito',
  nl: 'een de het om meer',
})
const mostBetween = 6

function toLists(words: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(words).map(([language, list]) => [language, list.split(' ')]))
}

/** The stems of a sentence, and which of them are denied wherever they stand; of a language we do not know, none is. */
export function readDenials(text: string, language: string): { stems: Set<string>; denied: Set<string> } {
  const denial = denials[language] ?? []
  const past = between[language] ?? []
  const stems = new Set<string>()
  const affirmed = new Set<string>()
  // “No, I want a refund” denies what was said before.
  for (const clause of text
    .toLowerCase()
    .replaceAll('’', "'")
    .split(/[.,;:!?()“”"]+/)) {
    const words = clause.match(/\p{L}[\p{L}'-]*/gu) ?? []
    words.forEach((word, at) => {
      let before = at - 1
      while (at - before <= mostBetween && past.includes(words[before] ?? '')) before--
      stems.add(stemOf(word))
      if (!denial.includes(words[before] ?? '')) affirmed.add(stemOf(word))
    })
  }
  return { stems, denied: stems.difference(affirmed) }
}
