// What a question is about: which side of a conversation the built-in analyst looks at.
import { stemOf } from '#/clustering/text/stem.ts'
import { isStopWord } from '#/clustering/text/stop-words.ts'
import { phrases } from './cues.ts'
import { detectLanguage } from './language.ts'

const lensKinds = ['requests', 'failures', 'outcomes', 'tools', 'terms'] as const
export type LensKind = (typeof lensKinds)[number]
const frameLanguages = ['en', 'de', 'fr', 'es', 'nl'] as const
export type FrameLanguage = (typeof frameLanguages)[number]

/** `terms`: stems of the question's own words that say what to look for. */
export type Lens = { kind: LensKind; terms: string[]; frame: FrameLanguage; user: string; assistant: string }

const failures = phrases(
  "fail|fails|failed|failing|failure|failures|error|errors|mistake|mistakes|wrong|go wrong|break|breaks|broken|bug|bugs|struggle|struggles|hallucinate|hallucinations|complain|complaints|complain about|unhappy|frustrated|frustration|frustrate|frustrates|dissatisfied|poorly|bad answers|weak|weaknesses|refuse|refuses|refusals|cannot do|can't do|improve|improved|improvement|pain points|pain point|unresolved|badly",
  'scheitert|scheitern|fehler|versagt|falsch|schief|beschwerden|beschweren|unzufrieden|verbessern|schwächen|probleme der assistenz',
  'échoue|échouent|échec|échecs|erreur|erreurs|mal|plaignent|plaintes|mécontents|améliorer|faiblesses',
  'falla|fallan|fallos|fallo|error|errores|mal|quejan|quejas|descontentos|mejorar|fracasa',
  'faalt|falen|fouten|fout|mis|misgaat|klagen|klachten|ontevreden|verbeteren',
)
const outcomes = phrases(
  'end|ends|ended|ending|endings|outcome|outcomes|resolved|resolution|solved|satisfied|satisfaction|happy|conclude|conclusion|result|results|close|finish|handed over|escalated|escalations|escalate|sentiment',
  'enden|endet|ergebnis|ergebnisse|gelöst|zufrieden|zufriedenheit|ausgang|abgeschlossen|stimmung',
  'terminent|se termine|finissent|résultat|résultats|résolu|résolues|satisfaction|satisfaits|issue',
  'terminan|acaban|resultado|resultados|resueltas|resuelto|satisfacción|satisfechos',
  'eindigen|aflopen|aflopt|resultaat|resultaten|opgelost|tevreden|tevredenheid|uitkomst',
)
const tools = phrases(
  'tool|tools|tool call|tool calls|function|functions|api|apis|function calls|retrieval|searches',
  'werkzeug|werkzeuge|funktionen|aufrufe',
  'outil|outils|appels|fonctions',
  'herramienta|herramientas|llamadas|funciones',
  'gereedschap|hulpmiddelen|aanroepen|functies',
)
const requests = phrases(
  'ask|asks|asking|ask for|asking for|asked|want|wants|request|requests|need|needs|topic|topics|theme|themes|talk about|about what|intent|intents|questions|question|looking for|help with|contact us|reasons|use cases|use case|subjects|summarize|summary|trying to|what do people|what are people|what are users|what do users|what do customers|what are customers|happening|going on|overview|discover|interesting|patterns|kinds|categories|main issues|issues',
  'wollen|fragen|fragt|anliegen|themen|thema|brauchen|worum|wünsche|gründe',
  'demandent|demandes|veulent|sujets|thèmes|besoins|questions|raisons',
  'piden|quieren|preguntan|temas|solicitudes|necesitan|motivos|preguntas',
  'vragen|willen|onderwerpen|thema|wensen|nodig|redenen',
)

const emptyTerms = new Set(
  'what where which how why who when do does did is are was were the our my their them they these those this people users user customers customer client clients agent agents assistant assistants bot chatbot conversation conversations chat chats trace traces most common main often many kind kinds type types about across all each any get show tell me find list give summarize there happen happens happening than more less not no use used using see know want ask say'.split(
    ' ',
  ),
)

/** Where a second question begins in the same instruction: after a question mark, or at "and" before a question word. */
const nextQuestion =
  /[?;]|,? (?:and|und|et|y|en) (?=(?:what|where|how|which|why|who|when|was|wo|wie|welche\w*|warum|wer|wann|que|où|comment|pourquoi|quel\w*|qué|dónde|cómo|cuál\w*|wat|waar|hoe|welke|waarom|wanneer)\b)/iu

/**
 * Reads a question. Failures win over endings, endings over tools, tools over topics; anything else is looked for by its own
 * words. Of several questions the first decides, where it can be told: what goes wrong in each group is told in any case.
 */
export function toLens(instruction: string): Lens {
  const text = instruction.slice(0, 4_000)
  const first = kindOf(text.split(nextQuestion)[0] ?? text)
  const kind = first === 'terms' ? kindOf(text) : first
  const terms = [
    ...new Set(
      (text.toLowerCase().match(/\p{L}[\p{L}'-]+/gu) ?? [])
        .filter((word) => !isStopWord(word) && !emptyTerms.has(word))
        .map(stemOf),
    ),
  ].slice(0, 40)
  const language = detectLanguage(text)
  const frame = frameLanguages.find((known) => known === language) ?? 'en'
  const isCustomer = /\b(?:customers?|clients?|kund\w*|clientes?|klant\w*)\b/i.test(text)
  const isAgent = /\bagents?\b/i.test(text)
  const who = speakers[frame]
  const noTerms = kind === 'terms' && terms.length === 0
  return {
    kind: noTerms ? 'requests' : kind,
    terms,
    frame,
    user: isCustomer ? who.customer : who.user,
    assistant: isAgent ? who.agent : who.assistant,
  }
}

const speakers: Readonly<Record<FrameLanguage, { user: string; customer: string; assistant: string; agent: string }>> =
  {
    en: { user: 'User', customer: 'Customer', assistant: 'the assistant', agent: 'the agent' },
    de: { user: 'Nutzer', customer: 'Kunde', assistant: 'der Assistent', agent: 'der Agent' },
    fr: { user: "L'utilisateur", customer: 'Le client', assistant: "l'assistant", agent: "l'agent" },
    es: { user: 'El usuario', customer: 'El cliente', assistant: 'el asistente', agent: 'el agente' },
    nl: { user: 'Gebruiker', customer: 'Klant', assistant: 'de assistent', agent: 'de agent' },
  }

function kindOf(text: string): LensKind {
  if (failures.test(text)) return 'failures'
  if (outcomes.test(text)) return 'outcomes'
  if (tools.test(text)) return 'tools'
  return requests.test(text) ? 'requests' : 'terms'
}
