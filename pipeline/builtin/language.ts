// Which language a person writes: by script, else by the small words every sentence needs.

const smallWords: Readonly<Record<string, string>> = {
  en: "the a an i you my is are was it's i'm to of and in on for with not can how what why do does don't have has please this that but your me when did from there at would be if so just no yes hi hello thanks need want",
  de: 'der die das ich und ist nicht ein eine mein meine sie wie warum mit auf für von zu den dem es hat haben kann bitte wir aber noch seit bei auch nach wenn war sind im am wird mir mich keine kein hallo guten danke',
  fr: "le la les je un une et est pas mon ma mes vous pour dans comment pourquoi sur avec que qui ne de du des au ce cette j'ai bonjour merci il elle nous mais depuis c'est être fait plus en à l'application",
  es: 'el la los las yo un una y es no mi mis por qué cómo para con en que de del al se me lo está hola gracias pero cuando desde si quiero puedo ha he su más muy sin como ya',
  nl: 'de het een ik en is niet mijn u je hoe waarom met op voor van te dat heb heeft kan graag maar nog wel er bij naar geen hallo bedankt als ook om aan wat zijn was dit',
  it: 'il lo la gli un una io e è non mio mia come perché per con di del della che mi ho sono ciao grazie ma si nel sul più anche questo quando',
  pt: 'o a os as um uma eu e é não meu minha como porque para com de do da em que me se está olá obrigado mas no na por quando já mais quero você',
  pl: 'i w nie na jest to się że do mam mój moja jak czy dlaczego z o za od po ale proszę dzień dobry dziękuję jestem co',
  sv: 'och det att jag är inte en ett min mitt har hur varför med på för av till som den kan hej tack men du vi',
  da: 'og det at jeg er ikke en et min mit har hvordan hvorfor med på for af til som den kan hej tak men du vi',
  tr: 've bir bu ben için ile neden nasıl değil var yok mi mı benim çok ama lütfen merhaba',
}
const languages = Object.keys(smallWords)
/** Which languages (by position) a small word belongs to. */
const languagesOf = new Map<string, number[]>()
for (const [position, language] of languages.entries()) {
  for (const word of new Set(smallWords[language]?.split(' ')))
    languagesOf.set(word, [...(languagesOf.get(word) ?? []), position])
}

const scripts: readonly [RegExp, string][] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/[іїєґ]/gu, 'uk'],
  [/\p{Script=Cyrillic}/gu, 'ru'],
  [/\p{Script=Arabic}/gu, 'ar'],
  [/\p{Script=Hebrew}/gu, 'he'],
  [/\p{Script=Greek}/gu, 'el'],
  [/\p{Script=Thai}/gu, 'th'],
  [/\p{Script=Devanagari}/gu, 'hi'],
]

const longestLook = 1_500

/** BCP 47 tag of the language a text is written in; `und` when it cannot be told. */
export function detectLanguage(text: string): string {
  const look = text.slice(0, longestLook).toLowerCase().replaceAll('’', "'")
  const letters = look.match(/\p{L}/gu)?.length ?? 0
  if (letters === 0) return 'und'
  if (/[^\u0000-\u024f\s\p{P}\p{S}\p{N}]/u.test(look)) {
    for (const [script, language] of scripts) if ((look.match(script)?.length ?? 0) > letters * 0.25) return language
  }
  const hits = languages.map((language) => markHits(look, language))
  for (const token of look.match(/[\p{L}']+/gu) ?? []) {
    for (const position of languagesOf.get(token) ?? []) hits[position] = (hits[position] ?? 0) + 1
  }
  const most = Math.max(...hits)
  const best = hits.indexOf(most)
  // A tie between two languages decides nothing.
  return most === 0 || hits.lastIndexOf(most) !== best ? 'und' : (languages[best] ?? 'und')
}

const marks: Readonly<Record<string, RegExp>> = {
  de: /[äöüß]/g,
  fr: /[èêçœù]|\bl'|\bd'|\bqu'/g,
  es: /[ñ¿¡]/g,
  pt: /[ãõ]/g,
  pl: /[ąęłńśźż]/g,
  sv: /[å]/g,
  da: /[æø]/g,
  tr: /[ğış]/g,
}

/** Letters that only some languages use count half a word each. */
function markHits(text: string, language: string): number {
  const mark = marks[language]
  return mark === undefined ? 0 : Math.min(3, (text.match(mark)?.length ?? 0) * 0.5)
}
