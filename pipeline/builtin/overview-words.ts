// The sentences of overviews and key points, in the languages a question may be asked in.
import type { FrameLanguage } from './lens.ts'

export type OverviewWords = {
  requests: (who: string, list: string) => string
  failuresNone: (none: number, total: number, share: string) => string
  failuresMost: (list: string) => string
  outcomes: (total: number, list: string) => string
  groups: (total: number, list: string) => string
  topics: (list: string) => string
  endings: (list: string) => string
  standsOut: (title: string, ending: string, whole: string) => string
  unassigned: (count: number, share: string) => string
  notRead: (count: number) => string
  largest: (title: string, size: number, total: number, share: string, ending: string) => string
  contrast: (title: string, count: number, size: number, ending: string, whole: string) => string
  smooth: (title: string, share: string, whole: string) => string
  slow: (title: string, seconds: string, whole: string) => string
  more: (title: string, size: number, total: number, share: string, ending: string) => string
  ending: (ending: string, count: number, total: number, list: string) => string
  none: string
}

const tail = (ending: string) => (ending === '' ? '' : `; ${ending}`)

export const overviewWords: Readonly<Record<FrameLanguage, OverviewWords>> = {
  en: {
    requests: (who, list) => `${who} mostly need help with ${list}.`,
    failuresNone: (none, total, share) => `${none} of ${total} conversations (${share}) show no visible failure.`,
    failuresMost: (list) => `Where something goes wrong, it is most often this: ${list}.`,
    outcomes: (total, list) => `Of ${total} conversations, ${list}.`,
    groups: (total, list) => `On this question, the ${total} conversations are mostly about ${list}.`,
    topics: (list) => `The largest single topics are ${list}.`,
    endings: (list) => `Of all conversations, ${list}.`,
    standsOut: (title, ending, whole) => `“${title}” stands out: ${ending}, against ${whole} of the whole.`,
    unassigned: (count, share) =>
      `${count} (${share}) ${count === 1 ? 'is' : 'are'} unlike the others and ${count === 1 ? 'stays' : 'stay'} unassigned.`,
    notRead: (count) => `${count} selected ${count === 1 ? 'trace' : 'traces'} could not be summarized.`,
    largest: (title, size, total, share, ending) =>
      `“${title}” is the largest single topic: ${size} of ${total} (${share})${tail(ending)}.`,
    contrast: (title, count, size, ending, whole) =>
      `“${title}”: ${ending} (${count} of ${size}), against ${whole} of the whole.`,
    smooth: (title, share, whole) => `“${title}” goes best: ${share} are resolved, against ${whole} of the whole.`,
    slow: (title, seconds, whole) =>
      `“${title}” takes longest: ${seconds} s at the median, against ${whole} s over the whole.`,
    more: (title, size, total, share, ending) => `“${title}” makes up ${size} of ${total} (${share})${tail(ending)}.`,
    ending: (ending, count, total, list) => `${ending} (${count} of ${total}), most often ${list}.`,
    none: 'No groups were found: the traces are too few or too different from each other.',
  },
  de: {
    requests: (who, list) => `${who} brauchen vor allem Hilfe bei: ${list}.`,
    failuresNone: (none, total, share) => `In ${none} von ${total} Gesprächen (${share}) ist kein Fehler zu sehen.`,
    failuresMost: (list) => `Wo etwas schiefgeht, ist es meist dies: ${list}.`,
    outcomes: (total, list) => `Von ${total} Gesprächen gilt: ${list}.`,
    groups: (total, list) => `Zu dieser Frage handeln die ${total} Gespräche vor allem von: ${list}.`,
    topics: (list) => `Die größten einzelnen Themen sind ${list}.`,
    endings: (list) => `Von allen Gesprächen gilt: ${list}.`,
    standsOut: (title, ending, whole) => `„${title}“ fällt auf: ${ending}, insgesamt sind es ${whole}.`,
    unassigned: (count, share) => `${count} (${share}) gleichen keiner Gruppe und bleiben ohne Zuordnung.`,
    notRead: (count) => `${count} ausgewählte Traces konnten nicht zusammengefasst werden.`,
    largest: (title, size, total, share, ending) =>
      `„${title}“ ist das größte einzelne Thema: ${size} von ${total} (${share})${tail(ending)}.`,
    contrast: (title, count, size, ending, whole) =>
      `„${title}“: ${ending} (${count} von ${size}), insgesamt sind es ${whole}.`,
    smooth: (title, share, whole) => `„${title}“ läuft am besten: ${share} werden gelöst, insgesamt ${whole}.`,
    slow: (title, seconds, whole) => `„${title}“ dauert am längsten: im Mittel ${seconds} s, insgesamt ${whole} s.`,
    more: (title, size, total, share, ending) => `„${title}“ umfasst ${size} von ${total} (${share})${tail(ending)}.`,
    ending: (ending, count, total, list) => `${ending} (${count} von ${total}), am häufigsten bei: ${list}.`,
    none: 'Es wurden keine Gruppen gefunden: Es sind zu wenige Traces, oder sie sind zu verschieden.',
  },
  fr: {
    requests: (who, list) => `${who} demandent surtout de l'aide pour : ${list}.`,
    failuresNone: (none, total, share) => `${none} conversations sur ${total} (${share}) ne montrent aucun échec.`,
    failuresMost: (list) => `Quand quelque chose échoue, c'est le plus souvent ceci : ${list}.`,
    outcomes: (total, list) => `Sur ${total} conversations, ${list}.`,
    groups: (total, list) => `Sur cette question, les ${total} conversations parlent surtout de : ${list}.`,
    topics: (list) => `Les sujets les plus fréquents sont ${list}.`,
    endings: (list) => `Sur l'ensemble, ${list}.`,
    standsOut: (title, ending, whole) => `« ${title} » se distingue : ${ending}, contre ${whole} sur l'ensemble.`,
    unassigned: (count, share) => `${count} (${share}) ne ressemblent à aucun groupe.`,
    notRead: (count) => `${count} traces choisies n'ont pas pu être résumées.`,
    largest: (title, size, total, share, ending) =>
      `« ${title} » est le premier sujet : ${size} sur ${total} (${share})${tail(ending)}.`,
    contrast: (title, count, size, ending, whole) =>
      `« ${title} » : ${ending} (${count} sur ${size}), contre ${whole} sur l'ensemble.`,
    smooth: (title, share, whole) =>
      `« ${title} » se passe le mieux : ${share} sont résolues, contre ${whole} sur l'ensemble.`,
    slow: (title, seconds, whole) =>
      `« ${title} » prend le plus de temps : ${seconds} s en médiane, contre ${whole} s sur l'ensemble.`,
    more: (title, size, total, share, ending) => `« ${title} » compte ${size} sur ${total} (${share})${tail(ending)}.`,
    ending: (ending, count, total, list) => `${ending} (${count} sur ${total}), le plus souvent : ${list}.`,
    none: 'Aucun groupe trouvé : les traces sont trop peu nombreuses ou trop différentes.',
  },
  es: {
    requests: (who, list) => `${who} piden ayuda sobre todo con: ${list}.`,
    failuresNone: (none, total, share) => `En ${none} de ${total} conversaciones (${share}) no se ve ningún fallo.`,
    failuresMost: (list) => `Cuando algo falla, suele ser esto: ${list}.`,
    outcomes: (total, list) => `De ${total} conversaciones, ${list}.`,
    groups: (total, list) => `Sobre esta pregunta, las ${total} conversaciones tratan ante todo de: ${list}.`,
    topics: (list) => `Los temas más frecuentes son ${list}.`,
    endings: (list) => `Del total, ${list}.`,
    standsOut: (title, ending, whole) => `«${title}» destaca: ${ending}, frente a ${whole} del total.`,
    unassigned: (count, share) => `${count} (${share}) no se parecen a ningún grupo.`,
    notRead: (count) => `${count} trazas elegidas no se pudieron resumir.`,
    largest: (title, size, total, share, ending) =>
      `«${title}» es el tema más frecuente: ${size} de ${total} (${share})${tail(ending)}.`,
    contrast: (title, count, size, ending, whole) =>
      `«${title}»: ${ending} (${count} de ${size}), frente a ${whole} del total.`,
    smooth: (title, share, whole) =>
      `«${title}» va mejor que nada: ${share} se resuelven, frente a ${whole} del total.`,
    slow: (title, seconds, whole) =>
      `«${title}» es lo más lento: ${seconds} s de mediana, frente a ${whole} s del total.`,
    more: (title, size, total, share, ending) => `«${title}» supone ${size} de ${total} (${share})${tail(ending)}.`,
    ending: (ending, count, total, list) => `${ending} (${count} de ${total}), sobre todo en: ${list}.`,
    none: 'No se encontraron grupos: hay muy pocas trazas o son demasiado distintas.',
  },
  nl: {
    requests: (who, list) => `${who} hebben vooral hulp nodig bij: ${list}.`,
    failuresNone: (none, total, share) => `In ${none} van ${total} gesprekken (${share}) is geen fout te zien.`,
    failuresMost: (list) => `Waar iets misgaat, is het meestal dit: ${list}.`,
    outcomes: (total, list) => `Van ${total} gesprekken geldt: ${list}.`,
    groups: (total, list) => `Over deze vraag gaan de ${total} gesprekken vooral over: ${list}.`,
    topics: (list) => `De grootste onderwerpen zijn ${list}.`,
    endings: (list) => `Van alle gesprekken geldt: ${list}.`,
    standsOut: (title, ending, whole) => `“${title}” valt op: ${ending}, tegen ${whole} over het geheel.`,
    unassigned: (count, share) => `${count} (${share}) lijken op geen enkele groep.`,
    notRead: (count) => `${count} gekozen traces konden niet worden samengevat.`,
    largest: (title, size, total, share, ending) =>
      `“${title}” is het grootste onderwerp: ${size} van ${total} (${share})${tail(ending)}.`,
    contrast: (title, count, size, ending, whole) =>
      `“${title}”: ${ending} (${count} van ${size}), tegen ${whole} over het geheel.`,
    smooth: (title, share, whole) => `“${title}” loopt het best: ${share} is opgelost, tegen ${whole} over het geheel.`,
    slow: (title, seconds, whole) =>
      `“${title}” duurt het langst: mediaan ${seconds} s, tegen ${whole} s over het geheel.`,
    more: (title, size, total, share, ending) => `“${title}” telt ${size} van ${total} (${share})${tail(ending)}.`,
    ending: (ending, count, total, list) => `${ending} (${count} van ${total}), het vaakst bij: ${list}.`,
    none: 'Er zijn geen groepen gevonden: er zijn te weinig traces of ze verschillen te veel.',
  },
}
