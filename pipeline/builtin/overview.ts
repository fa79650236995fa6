// The answer to the question, from counts and quotes.
import type { Cluster, Counts, Evidence, KeyPoint, Overview, SummaryRecord } from '../insight.ts'
import { noUsage } from '../insight.ts'
import { joinAnd } from './actions.ts'
import { outcomeShares, percent } from './describe.ts'
import { frames } from './frames.ts'
import type { FrameLanguage, Lens, LensKind } from './lens.ts'
import { cutWords } from './plain-text.ts'

const mostKeyPoints = 7
const mostWords = 200

type Words = {
  opening: Record<LensKind, (count: number, groups: number, list: string) => string>
  largest: (title: string, share: string, parts: string) => string
  endings: (list: string) => string
  unassigned: (count: number, share: string) => string
  notRead: (count: number) => string
  point: (title: string, size: number, share: string, parts: string) => string
  none: string
}

const words: Readonly<Record<FrameLanguage, Words>> = {
  en: {
    opening: {
      requests: (count, groups, list) =>
        `${count} conversations fall into ${groups} themes. Most often they are about ${list}.`,
      failures: (count, groups, list) =>
        `What goes wrong in ${count} conversations falls into ${groups} groups. The largest are ${list}.`,
      outcomes: (count, groups, list) => `${count} conversations end in ${groups} ways. The most frequent are ${list}.`,
      tools: (count, groups, list) =>
        `${count} conversations use tools in ${groups} patterns. The most frequent are ${list}.`,
      terms: (count, groups, list) =>
        `On this question, ${count} conversations fall into ${groups} groups. The largest are ${list}.`,
    },
    largest: (title, share, parts) => `“${title}” (${share}) includes ${parts}.`,
    endings: (list) => `How they end: ${list}.`,
    unassigned: (count, share) => `${count} (${share}) are unlike the others and stay unassigned.`,
    notRead: (count) => `${count} selected traces could not be summarized.`,
    point: (title, size, share, parts) => `${title}: ${size} (${share})${parts === '' ? '' : `, among them ${parts}`}.`,
    none: 'No groups were found: the traces are too few or too different from each other.',
  },
  de: {
    opening: {
      requests: (count, groups, list) =>
        `${count} Gespräche bilden ${groups} Themen. Am häufigsten geht es um ${list}.`,
      failures: (count, groups, list) =>
        `Was in ${count} Gesprächen schiefgeht, bildet ${groups} Gruppen. Die größten sind ${list}.`,
      outcomes: (count, groups, list) => `${count} Gespräche enden auf ${groups} Arten. Am häufigsten: ${list}.`,
      tools: (count, groups, list) =>
        `${count} Gespräche nutzen Werkzeuge nach ${groups} Mustern. Am häufigsten: ${list}.`,
      terms: (count, groups, list) =>
        `Zu dieser Frage bilden ${count} Gespräche ${groups} Gruppen. Die größten sind ${list}.`,
    },
    largest: (title, share, parts) => `„${title}“ (${share}) umfasst ${parts}.`,
    endings: (list) => `Wie sie enden: ${list}.`,
    unassigned: (count, share) => `${count} (${share}) gleichen keiner Gruppe und bleiben ohne Zuordnung.`,
    notRead: (count) => `${count} ausgewählte Traces konnten nicht zusammengefasst werden.`,
    point: (title, size, share, parts) => `${title}: ${size} (${share})${parts === '' ? '' : `, darunter ${parts}`}.`,
    none: 'Es wurden keine Gruppen gefunden: Es sind zu wenige Traces, oder sie sind zu verschieden.',
  },
  fr: {
    opening: {
      requests: (count, groups, list) =>
        `${count} conversations forment ${groups} thèmes. Le plus souvent, il s'agit de ${list}.`,
      failures: (count, groups, list) =>
        `Ce qui échoue dans ${count} conversations forme ${groups} groupes. Les plus grands : ${list}.`,
      outcomes: (count, groups, list) =>
        `${count} conversations se terminent de ${groups} façons. Le plus souvent : ${list}.`,
      tools: (count, groups, list) =>
        `${count} conversations utilisent des outils selon ${groups} schémas. Le plus souvent : ${list}.`,
      terms: (count, groups, list) =>
        `Sur cette question, ${count} conversations forment ${groups} groupes. Les plus grands : ${list}.`,
    },
    largest: (title, share, parts) => `« ${title} » (${share}) comprend ${parts}.`,
    endings: (list) => `Comment elles se terminent : ${list}.`,
    unassigned: (count, share) => `${count} (${share}) ne ressemblent à aucun groupe.`,
    notRead: (count) => `${count} traces choisies n'ont pas pu être résumées.`,
    point: (title, size, share, parts) => `${title} : ${size} (${share})${parts === '' ? '' : `, dont ${parts}`}.`,
    none: 'Aucun groupe trouvé : les traces sont trop peu nombreuses ou trop différentes.',
  },
  es: {
    opening: {
      requests: (count, groups, list) => `${count} conversaciones forman ${groups} temas. Lo más frecuente: ${list}.`,
      failures: (count, groups, list) =>
        `Lo que falla en ${count} conversaciones forma ${groups} grupos. Los mayores: ${list}.`,
      outcomes: (count, groups, list) =>
        `${count} conversaciones terminan de ${groups} maneras. Lo más frecuente: ${list}.`,
      tools: (count, groups, list) =>
        `${count} conversaciones usan herramientas según ${groups} patrones. Lo más frecuente: ${list}.`,
      terms: (count, groups, list) =>
        `Sobre esta pregunta, ${count} conversaciones forman ${groups} grupos. Los mayores: ${list}.`,
    },
    largest: (title, share, parts) => `«${title}» (${share}) incluye ${parts}.`,
    endings: (list) => `Cómo terminan: ${list}.`,
    unassigned: (count, share) => `${count} (${share}) no se parecen a ningún grupo.`,
    notRead: (count) => `${count} trazas elegidas no se pudieron resumir.`,
    point: (title, size, share, parts) =>
      `${title}: ${size} (${share})${parts === '' ? '' : `, entre ellas ${parts}`}.`,
    none: 'No se encontraron grupos: hay muy pocas trazas o son demasiado distintas.',
  },
  nl: {
    opening: {
      requests: (count, groups, list) => `${count} gesprekken vormen ${groups} thema's. Meestal gaat het om ${list}.`,
      failures: (count, groups, list) =>
        `Wat er misgaat in ${count} gesprekken vormt ${groups} groepen. De grootste zijn ${list}.`,
      outcomes: (count, groups, list) => `${count} gesprekken eindigen op ${groups} manieren. Het vaakst: ${list}.`,
      tools: (count, groups, list) =>
        `${count} gesprekken gebruiken tools volgens ${groups} patronen. Het vaakst: ${list}.`,
      terms: (count, groups, list) =>
        `Over deze vraag vormen ${count} gesprekken ${groups} groepen. De grootste zijn ${list}.`,
    },
    largest: (title, share, parts) => `“${title}” (${share}) omvat ${parts}.`,
    endings: (list) => `Hoe ze eindigen: ${list}.`,
    unassigned: (count, share) => `${count} (${share}) lijken op geen enkele groep.`,
    notRead: (count) => `${count} gekozen traces konden niet worden samengevat.`,
    point: (title, size, share, parts) => `${title}: ${size} (${share})${parts === '' ? '' : `, waaronder ${parts}`}.`,
    none: 'Er zijn geen groepen gevonden: er zijn te weinig traces of ze verschillen te veel.',
  },
}

/** At most 200 words and seven key points, each with its share, its clusters and quotes that were verified before. */
export function toOverview(
  input: {
    counts: Counts
    clusters: readonly Cluster[]
    unassigned: number
    examples: ReadonlyMap<string, SummaryRecord>
  },
  lens: Lens,
): Overview {
  const { counts, clusters, unassigned, examples } = input
  const say = words[lens.frame]
  const frame = frames[lens.frame]
  const ranked = [...clusters].sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
  const total = Math.max(1, counts.summarized)
  const named = (cluster: Cluster) => `${lower(cluster.title)} (${percent(cluster.size / total)})`
  const sentences: string[] = []
  if (ranked.length === 0) sentences.push(say.none)
  else
    sentences.push(
      say.opening[lens.kind](counts.summarized, ranked.length, joinAnd(ranked.slice(0, 3).map(named), frame.and)),
    )
  const ends = outcomeShares([...examples.values()])
  if (ends.length > 0)
    sentences.push(
      say.endings(
        joinAnd(
          ends.map(([outcome, share]) => `${lower(frame.outcomes[outcome])} ${percent(share)}`),
          frame.and,
        ),
      ),
    )
  for (const cluster of ranked.slice(0, 3)) {
    const parts = childrenBySize(cluster)
      .slice(0, 3)
      .map((child) => `${lower(child.title)} (${child.size})`)
    if (parts.length > 0)
      sentences.push(say.largest(cluster.title, percent(cluster.size / total), joinAnd(parts, frame.and)))
  }
  const quote = ranked[0] === undefined ? undefined : evidenceOf(ranked[0], examples)[0]
  if (quote !== undefined) sentences.splice(1, 0, frame.quote(cutWords(quote.quote, 160)).concat('.'))
  if (unassigned > 0) sentences.push(say.unassigned(unassigned, percent(unassigned / total)))
  if (counts.failed > 0) sentences.push(say.notRead(counts.failed))

  const keyPoints = ranked.slice(0, mostKeyPoints).map((cluster): KeyPoint => {
    const children = childrenBySize(cluster).slice(0, 2)
    const parts = joinAnd(
      children.map((child) => `${lower(child.title)} (${child.size})`),
      frame.and,
    )
    return {
      text: say.point(cluster.title, cluster.size, percent(cluster.size / total), parts),
      share: cluster.size / total,
      clusterIds: [cluster.id, ...children.map((child) => child.id)],
      evidence: evidenceOf(cluster, examples).slice(0, 2),
    }
  })
  return { text: withinWords(sentences), keyPoints, usage: noUsage, by: 'builtin' }
}

function childrenBySize(cluster: Cluster): Cluster[] {
  return [...cluster.children].sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1))
}

/** Whole sentences as long as they fit. */
function withinWords(sentences: readonly string[]): string {
  const kept: string[] = []
  let used = 0
  for (const sentence of sentences) {
    const count = sentence.split(/\s+/).length
    if (used + count > mostWords) continue
    kept.push(sentence)
    used += count
  }
  return kept.join(' ')
}

/** Verified quotes of a cluster: its own, then those of its most typical members. */
function evidenceOf(cluster: Cluster, examples: ReadonlyMap<string, SummaryRecord>): Evidence[] {
  const own = cluster.evidence.filter((item) => item.verified)
  const members = cluster.representativeTraceIds.flatMap((traceId) =>
    (examples.get(traceId)?.summary.evidence ?? [])
      .filter((item) => item.verified)
      .map((item) => ({ traceId, ...item })),
  )
  const seen = new Set<string>()
  return [...own, ...members].filter(({ quote }) => !seen.has(quote) && seen.add(quote) !== undefined)
}

function lower(text: string): string {
  return /^\p{Lu}\p{Ll}/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text
}
