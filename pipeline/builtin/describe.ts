// What a cluster holds, told in two or three sentences: what it is about, its numbers, and one voice from it.
import type { Outcome } from '../insight.ts'
import type { NodeToName } from '../ports.ts'
import { joinAnd } from './actions.ts'
import { frames } from './frames.ts'
import type { FrameLanguage, Lens } from './lens.ts'
import type { RankedPhrase } from './phrase-rank.ts'
import { asSentence, quoteFrom } from './quoting.ts'
import { isNameable, type InPlural } from './topic.ts'
import { contrastsOf, endingsOf, percent, type Shares } from './shares.ts'
import { headingOf, lowerTopic } from './headed-title.ts'

type Words = {
  users: { user: string; customer: string }
  want: (who: string, deeds: string) => string
  about: (who: string, things: string) => string
  also: (things: string) => string
  nothingWrong: string
  heading: (heading: string, things: string) => string
  size: (size: number, total: number, share: string) => string
  ending: Record<Outcome, (share: string) => string>
  against: (share: string) => string
}

const words: Readonly<Record<FrameLanguage, Words>> = {
  en: {
    users: { user: 'Users', customer: 'Customers' },
    want: (who, deeds) => `${who} want to ${deeds}`,
    about: (who, things) => `${who} write about ${things}`,
    also: (things) => `, often speaking of ${things}`,
    nothingWrong: 'Nothing went visibly wrong in these conversations',
    heading: (heading, things) => `${heading}${things === '' ? '' : `, above all in matters of ${things}`}`,
    size: (size, total, share) => `These are ${size} of ${total} traces (${share})`,
    ending: {
      resolved: (share) => `${share} are resolved`,
      unresolved: (share) => `${share} end unresolved`,
      handed_off: (share) => `${share} are handed to a human`,
      error: (share) => `${share} break off with an error`,
      unclear: (share) => `${share} stay open`,
    },
    against: (share) => ` (${share} overall)`,
  },
  de: {
    users: { user: 'Nutzer', customer: 'Kunden' },
    want: (who, deeds) => `${who} möchten: ${deeds}`,
    about: (who, things) => `${who} schreiben über ${things}`,
    also: (things) => `, oft auch über ${things}`,
    nothingWrong: 'In diesen Gesprächen ging sichtbar nichts schief',
    heading: (heading, things) => `${heading}${things === '' ? '' : `, vor allem bei ${things}`}`,
    size: (size, total, share) => `Das sind ${size} von ${total} Traces (${share})`,
    ending: {
      resolved: (share) => `${share} werden gelöst`,
      unresolved: (share) => `${share} bleiben ungelöst`,
      handed_off: (share) => `${share} gehen an einen Menschen`,
      error: (share) => `${share} brechen mit einem Fehler ab`,
      unclear: (share) => `${share} bleiben offen`,
    },
    against: (share) => ` (insgesamt ${share})`,
  },
  fr: {
    users: { user: 'Les utilisateurs', customer: 'Les clients' },
    want: (who, deeds) => `${who} veulent : ${deeds}`,
    about: (who, things) => `${who} parlent de ${things}`,
    also: (things) => `, souvent avec ${things}`,
    nothingWrong: "Rien n'a visiblement échoué dans ces conversations",
    heading: (heading, things) => `${heading}${things === '' ? '' : `, surtout à propos de ${things}`}`,
    size: (size, total, share) => `Ce sont ${size} traces sur ${total} (${share})`,
    ending: {
      resolved: (share) => `${share} sont résolues`,
      unresolved: (share) => `${share} restent sans solution`,
      handed_off: (share) => `${share} sont transmises à un humain`,
      error: (share) => `${share} s'interrompent sur une erreur`,
      unclear: (share) => `${share} restent ouvertes`,
    },
    against: (share) => ` (${share} au total)`,
  },
  es: {
    users: { user: 'Los usuarios', customer: 'Los clientes' },
    want: (who, deeds) => `${who} quieren: ${deeds}`,
    about: (who, things) => `${who} escriben sobre ${things}`,
    also: (things) => `, a menudo con ${things}`,
    nothingWrong: 'En estas conversaciones no se ve ningún fallo',
    heading: (heading, things) => `${heading}${things === '' ? '' : `, sobre todo en ${things}`}`,
    size: (size, total, share) => `Son ${size} de ${total} trazas (${share})`,
    ending: {
      resolved: (share) => `${share} se resuelven`,
      unresolved: (share) => `${share} quedan sin resolver`,
      handed_off: (share) => `${share} pasan a una persona`,
      error: (share) => `${share} se cortan con un error`,
      unclear: (share) => `${share} quedan abiertas`,
    },
    against: (share) => ` (${share} en total)`,
  },
  nl: {
    users: { user: 'Gebruikers', customer: 'Klanten' },
    want: (who, deeds) => `${who} willen: ${deeds}`,
    about: (who, things) => `${who} schrijven over ${things}`,
    also: (things) => `, vaak ook over ${things}`,
    nothingWrong: 'In deze gesprekken ging zichtbaar niets mis',
    heading: (heading, things) => `${heading}${things === '' ? '' : `, vooral bij ${things}`}`,
    size: (size, total, share) => `Dit zijn ${size} van ${total} traces (${share})`,
    ending: {
      resolved: (share) => `${share} is opgelost`,
      unresolved: (share) => `${share} blijft onopgelost`,
      handed_off: (share) => `${share} gaat naar een mens`,
      error: (share) => `${share} breekt af met een fout`,
      unclear: (share) => `${share} blijft open`,
    },
    against: (share) => ` (${share} over het geheel)`,
  },
}

/** “Users” or “Customers”, as the question calls them. */
export function usersOf({ user, frame }: Lens): string {
  const isCustomer = /customer|kunde|client|klant/i.test(user)
  return words[frame].users[isCustomer ? 'customer' : 'user']
}

/** “29% are handed to a human”. */
export function tellShare(outcome: Outcome, share: string, frame: FrameLanguage): string {
  return words[frame].ending[outcome](share)
}

/** What the traces of a node are about, how many they are and how they end against the whole, and a quote where one is fit. */
export function describeNode(
  node: NodeToName,
  group: { ranked: readonly RankedPhrase[]; inPlural: InPlural; shares: Shares; whole: Shares; total: number },
  lens: Lens,
): string {
  const say = words[lens.frame]
  const sentences = [`${aboutSentence(node, group, lens)}.`, `${numbers(node, group, say)}.`]
  const stems = new Set(group.ranked[0]?.phrase.stems)
  const quote = quoteFrom(node.members, stems, lens.frame)
  if (quote !== undefined) sentences.push(asSentence(quote.quote, frames[lens.frame].quote))
  return sentences.join(' ')
}

function aboutSentence(
  node: NodeToName,
  { ranked, inPlural }: { ranked: readonly RankedPhrase[]; inPlural: InPlural },
  lens: Lens,
): string {
  const say = words[lens.frame]
  const { and, failures } = frames[lens.frame]
  const telling = ranked.filter(({ score, support }) => score >= (ranked[0]?.score ?? 0) * 0.2 && support >= 0.08)
  const deeds = apart(telling.filter(({ phrase, support }) => phrase.kind === 'deed' && support >= 0.12)).slice(0, 2)
  const told = apart([...deeds, ...telling.filter(({ phrase }) => phrase.kind !== 'deed')]).slice(deeds.length)
  const things = told
    .filter(({ phrase }) => isNameable(phrase))
    .slice(0, deeds.length > 0 ? 2 : 3)
    .map(({ phrase }) => (phrase.kind === 'thing' ? inPlural(phrase.text) : phrase.text))
  const heading = headingOf(node.members.map(({ summary }) => summary))
  if (heading !== undefined) {
    if (heading === failures.none) return say.nothingWrong
    return say.heading(heading, joinAnd([...deeds.map(({ phrase }) => phrase.thing), ...things].slice(0, 3), and))
  }
  const who = usersOf(lens)
  if (deeds.length > 0) {
    const wanted = say.want(
      who,
      joinAnd(
        deeds.map(({ phrase }) => phrase.text),
        and,
      ),
    )
    return things.length === 0 ? wanted : `${wanted}${say.also(joinAnd(things, and))}`
  }
  if (things.length > 0) return say.about(who, joinAnd(things, and))
  return say.about(who, frames[lens.frame].quote(lowerTopic(node.members[0]?.summary.title ?? node.id)))
}

/** Phrases without a word in common. */
function apart(ranked: readonly RankedPhrase[]): RankedPhrase[] {
  const used = new Set<string>()
  return ranked.filter(({ phrase }) => {
    if (phrase.stems.some((stem) => used.has(stem))) return false
    for (const stem of phrase.stems) used.add(stem)
    return true
  })
}

function numbers(
  node: NodeToName,
  { shares, whole, total }: { shares: Shares; whole: Shares; total: number },
  say: Words,
): string {
  const size = say.size(node.size, total, percent(node.share))
  const contrasts = contrastsOf(shares, whole).slice(0, 2)
  const others = endingsOf(shares)
    .filter(([outcome]) => !contrasts.some((contrast) => contrast.outcome === outcome))
    .slice(0, contrasts.length > 0 ? 1 : 2)
  const parts = [
    ...contrasts.map(
      ({ outcome, share, whole: average }) => say.ending[outcome](percent(share)) + say.against(percent(average)),
    ),
    ...others.map(([outcome, share]) => say.ending[outcome](percent(share))),
  ]
  return parts.length === 0 ? size : `${size}; ${parts.join(', ')}`
}
