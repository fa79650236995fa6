// The framing words of summaries, in the language the question was asked in.
import type { Outcome } from '../insight.ts'
import type { FrameLanguage, Lens } from './lens.ts'

/** The ways an assistant can be seen to fail; `none` for traces without a visible failure. */
const failureKinds = ['broke', 'tool', 'complaint', 'refusal', 'handover', 'feedback', 'none'] as const
export type FailureKind = (typeof failureKinds)[number]

export type Frame = {
  quote: (text: string) => string
  asks: (user: string, quoted: string) => string
  says: (user: string, quoted: string) => string
  replied: (assistant: string, quoted: string) => string
  used: (assistant: string, tools: string) => string
  confirmed: (quoted: string) => string
  refused: (quoted: string) => string
  thanked: (quoted: string) => string
  complained: (quoted: string) => string
  handedOver: string
  broke: (quoted: string) => string
  brokeSilently: string
  negativeFeedback: string
  positiveFeedback: string
  leftOpen: string
  noReply: string
  toolFailed: (tool: string, quoted: string) => string
  nothingWrong: string
  noTools: string
  otherwise: (quoted: string) => string
  /** Headings; a colon and the subject follow. */
  failures: Record<FailureKind, string>
  outcomes: Record<Outcome, string>
  and: string
}

export const frames: Readonly<Record<FrameLanguage, Frame>> = {
  en: {
    quote: (text) => `“${text}”`,
    asks: (user, quoted) => `${user} asks: ${quoted}`,
    says: (user, quoted) => `${user} says: ${quoted}`,
    replied: (assistant, quoted) => `${assistant} replied: ${quoted}`,
    used: (assistant, tools) => `${assistant} ${tools}`,
    confirmed: (quoted) => `and it was done: ${quoted}`,
    refused: (quoted) => `but it could not be done: ${quoted}`,
    thanked: (quoted) => `and it ended well: ${quoted}`,
    complained: (quoted) => `but it ended in a complaint: ${quoted}`,
    handedOver: 'and it was handed over to a human',
    broke: (quoted) => `and the run broke off with ${quoted}`,
    brokeSilently: 'and the run broke off with an error',
    negativeFeedback: 'but the feedback was negative',
    positiveFeedback: 'and the feedback was positive',
    leftOpen: 'and it was left open',
    noReply: 'and there is no reply on record',
    toolFailed: (tool, quoted) => `The tool ${tool} failed with ${quoted}`,
    nothingWrong: 'Nothing went visibly wrong',
    noTools: 'No tool was used',
    otherwise: (quoted) => `Nothing is said about the question; it is about ${quoted}`,
    failures: {
      broke: 'Run broke off',
      tool: 'Tool failed',
      complaint: 'Complaint',
      refusal: 'Could not help',
      handover: 'Handed to a human',
      feedback: 'Negative feedback',
      none: 'No visible failure',
    },
    outcomes: {
      resolved: 'Resolved',
      unresolved: 'Not resolved',
      handed_off: 'Handed to a human',
      error: 'Broke off with an error',
      unclear: 'Left open',
    },
    and: 'and',
  },
  de: {
    quote: (text) => `„${text}“`,
    asks: (user, quoted) => `${user} fragt: ${quoted}`,
    says: (user, quoted) => `${user} schreibt: ${quoted}`,
    replied: (assistant, quoted) => `${assistant} antwortete: ${quoted}`,
    used: (assistant, tools) => `${assistant} nutzte ${tools}`,
    confirmed: (quoted) => `und es wurde erledigt: ${quoted}`,
    refused: (quoted) => `aber es ging nicht: ${quoted}`,
    thanked: (quoted) => `und es ging gut aus: ${quoted}`,
    complained: (quoted) => `aber es endete mit einer Beschwerde: ${quoted}`,
    handedOver: 'und es wurde an einen Menschen übergeben',
    broke: (quoted) => `und der Lauf brach ab mit ${quoted}`,
    brokeSilently: 'und der Lauf brach mit einem Fehler ab',
    negativeFeedback: 'aber die Rückmeldung war negativ',
    positiveFeedback: 'und die Rückmeldung war positiv',
    leftOpen: 'und es blieb offen',
    noReply: 'und eine Antwort ist nicht aufgezeichnet',
    toolFailed: (tool, quoted) => `Das Werkzeug ${tool} scheiterte mit ${quoted}`,
    nothingWrong: 'Es ging sichtbar nichts schief',
    noTools: 'Kein Werkzeug wurde genutzt',
    otherwise: (quoted) => `Zur Frage steht hier nichts; es geht um ${quoted}`,
    failures: {
      broke: 'Lauf abgebrochen',
      tool: 'Werkzeug gescheitert',
      complaint: 'Beschwerde',
      refusal: 'Konnte nicht helfen',
      handover: 'An einen Menschen übergeben',
      feedback: 'Negative Rückmeldung',
      none: 'Kein sichtbarer Fehler',
    },
    outcomes: {
      resolved: 'Gelöst',
      unresolved: 'Nicht gelöst',
      handed_off: 'An einen Menschen übergeben',
      error: 'Mit Fehler abgebrochen',
      unclear: 'Offen geblieben',
    },
    and: 'und',
  },
  fr: {
    quote: (text) => `« ${text} »`,
    asks: (user, quoted) => `${user} demande : ${quoted}`,
    says: (user, quoted) => `${user} écrit : ${quoted}`,
    replied: (assistant, quoted) => `${assistant} a répondu : ${quoted}`,
    used: (assistant, tools) => `${assistant} a utilisé ${tools}`,
    confirmed: (quoted) => `et c'est fait : ${quoted}`,
    refused: (quoted) => `mais ce n'était pas possible : ${quoted}`,
    thanked: (quoted) => `et cela s'est bien terminé : ${quoted}`,
    complained: (quoted) => `mais cela s'est terminé par une plainte : ${quoted}`,
    handedOver: 'et la demande a été transmise à un humain',
    broke: (quoted) => `et l'exécution s'est interrompue : ${quoted}`,
    brokeSilently: "et l'exécution s'est interrompue sur une erreur",
    negativeFeedback: "mais l'avis est négatif",
    positiveFeedback: "et l'avis est positif",
    leftOpen: "et rien n'est conclu",
    noReply: "et aucune réponse n'est enregistrée",
    toolFailed: (tool, quoted) => `L'outil ${tool} a échoué : ${quoted}`,
    nothingWrong: "Rien n'a visiblement échoué",
    noTools: "Aucun outil n'a été utilisé",
    otherwise: (quoted) => `Rien ne répond à la question ; il s'agit de ${quoted}`,
    failures: {
      broke: 'Exécution interrompue',
      tool: "Échec d'un outil",
      complaint: 'Plainte',
      refusal: "N'a pas pu aider",
      handover: 'Transmis à un humain',
      feedback: 'Avis négatif',
      none: 'Aucun échec visible',
    },
    outcomes: {
      resolved: 'Résolu',
      unresolved: 'Non résolu',
      handed_off: 'Transmis à un humain',
      error: 'Interrompu par une erreur',
      unclear: 'Resté ouvert',
    },
    and: 'et',
  },
  es: {
    quote: (text) => `«${text}»`,
    asks: (user, quoted) => `${user} pregunta: ${quoted}`,
    says: (user, quoted) => `${user} escribe: ${quoted}`,
    replied: (assistant, quoted) => `${assistant} respondió: ${quoted}`,
    used: (assistant, tools) => `${assistant} usó ${tools}`,
    confirmed: (quoted) => `y se hizo: ${quoted}`,
    refused: (quoted) => `pero no fue posible: ${quoted}`,
    thanked: (quoted) => `y terminó bien: ${quoted}`,
    complained: (quoted) => `pero terminó en una queja: ${quoted}`,
    handedOver: 'y se pasó a una persona',
    broke: (quoted) => `y la ejecución se cortó con ${quoted}`,
    brokeSilently: 'y la ejecución se cortó con un error',
    negativeFeedback: 'pero la valoración fue negativa',
    positiveFeedback: 'y la valoración fue positiva',
    leftOpen: 'y quedó abierto',
    noReply: 'y no consta ninguna respuesta',
    toolFailed: (tool, quoted) => `La herramienta ${tool} falló con ${quoted}`,
    nothingWrong: 'No se ve ningún fallo',
    noTools: 'No se usó ninguna herramienta',
    otherwise: (quoted) => `No dice nada sobre la pregunta; trata de ${quoted}`,
    failures: {
      broke: 'Ejecución cortada',
      tool: 'Falló una herramienta',
      complaint: 'Queja',
      refusal: 'No pudo ayudar',
      handover: 'Pasado a una persona',
      feedback: 'Valoración negativa',
      none: 'Sin fallo visible',
    },
    outcomes: {
      resolved: 'Resuelto',
      unresolved: 'Sin resolver',
      handed_off: 'Pasado a una persona',
      error: 'Cortado por un error',
      unclear: 'Quedó abierto',
    },
    and: 'y',
  },
  nl: {
    quote: (text) => `“${text}”`,
    asks: (user, quoted) => `${user} vraagt: ${quoted}`,
    says: (user, quoted) => `${user} schrijft: ${quoted}`,
    replied: (assistant, quoted) => `${assistant} antwoordde: ${quoted}`,
    used: (assistant, tools) => `${assistant} gebruikte ${tools}`,
    confirmed: (quoted) => `en het is geregeld: ${quoted}`,
    refused: (quoted) => `maar het kon niet: ${quoted}`,
    thanked: (quoted) => `en het liep goed af: ${quoted}`,
    complained: (quoted) => `maar het eindigde met een klacht: ${quoted}`,
    handedOver: 'en het is overgedragen aan een mens',
    broke: (quoted) => `en de run brak af met ${quoted}`,
    brokeSilently: 'en de run brak af met een fout',
    negativeFeedback: 'maar de beoordeling was negatief',
    positiveFeedback: 'en de beoordeling was positief',
    leftOpen: 'en het bleef open',
    noReply: 'en er is geen antwoord vastgelegd',
    toolFailed: (tool, quoted) => `De tool ${tool} faalde met ${quoted}`,
    nothingWrong: 'Er ging zichtbaar niets mis',
    noTools: 'Er is geen tool gebruikt',
    otherwise: (quoted) => `Over de vraag staat hier niets; het gaat over ${quoted}`,
    failures: {
      broke: 'Run afgebroken',
      tool: 'Tool faalde',
      complaint: 'Klacht',
      refusal: 'Kon niet helpen',
      handover: 'Overgedragen aan een mens',
      feedback: 'Negatieve beoordeling',
      none: 'Geen zichtbare fout',
    },
    outcomes: {
      resolved: 'Opgelost',
      unresolved: 'Niet opgelost',
      handed_off: 'Overgedragen aan een mens',
      error: 'Met fout afgebroken',
      unclear: 'Open gebleven',
    },
    and: 'en',
  },
}

/** The frame of a lens. */
export function frameOf(lens: Lens): Frame {
  return frames[lens.frame]
}
