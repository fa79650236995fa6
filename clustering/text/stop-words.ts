// Short lists on purpose: question words and negations carry intent ("why was I charged", "card not working") and stay.
// A word that is ordinary in another of these languages (German "die", English "me") stands in a list only where it is a
// function word in all of them that know it.
const lists: Record<string, string> = {
  english:
    "a an the i i'm i've i'd me my mine we our us you your it its it's is are was were be been am do does did have has had to of in on at for and or so this that these those there please can could would will shall with",
  german:
    'der das den dem des ein eine einen einem einer eines und oder ich du er sie es wir ihr mein meine meinen meinem meiner ihre ihren ist sind bin war wird werden habe hat haben zu zum zur von vom mit für auf im bei bitte dass auch kann können',
  french:
    "le la les l un une des du de et ou je j'ai tu il elle nous vous mon ma mes votre vos ce cette ces est sont suis être ai avez à au aux pour avec dans sur s'il qui que se",
  spanish:
    'el la los las un una unos unas de del al y o yo tú él ella mi mis su sus es son soy está estoy he ha para por con en que se lo le este esta favor',
  italian:
    'il lo la gli le un uno una di del della dei e o io mio mia miei è sono ho hai ha da per con nel nella su che si questo questa favore',
  portuguese:
    'o os a as um uma de do da dos das e ou eu meu minha meus é são estou está tenho tem para por com em no na que se este esta favor',
  dutch:
    'de het een en of ik jij je u hij zij wij mijn uw is zijn ben heb heeft te van met voor op in aan dat dit deze kan alstublieft',
  polish: 'i w z na do o to że się jest są mam mój moja moje czy jak po za od dla proszę',
  russian: 'и в на с к по о у я мы вы он она оно это мой моя мои что как для за от из же бы ли пожалуйста',
  turkish: 've bir bu da de mi mı için ile ben benim lütfen',
  chinese: '的 了 我 你 您 他 她 是 在 和 也 就 都 吗 呢 请 这 那 个 把 我的',
  japanese: 'の に は を た が で て と し れ さ も な です ます この その する いる ください',
  thai: 'ที่ และ ของ ฉัน ผม คุณ ใน เป็น ให้ ได้ ครับ ค่ะ กับ ก็ นี้ จะ',
}

// Words that tell texts apart (so the vectors keep them) but name no subject: no keyword begins or ends with one.
const dullLists = [
  "what why how when where who which if but not no yes don't doesn't didn't can't won't isn't wasn't couldn't haven't hasn't",
  'cannot get got getting need want wanted wants wanna like liked help helped make made go going gone come came know think',
  'say says said tell told ask asked use used using try tried let see look looking take give put show tell find just now',
  'still yet also too very really some any all one two more most much many other another same than then from off up out into',
  'about by as because so there here only even over back ok okay hi hello hey hiya thanks thank sorry good morning afternoon',
  'evening he she his her they them their him us itself something anything someone already again able sure well right',
  'nicht kein keine wie was warum wann wo wer wenn aber ja nein danke hallo guten noch schon nur sehr seit nach bei als',
  'man mehr immer wieder jetzt dann hier muss will möchte brauche gibt geht macht',
  "pas ne non oui comment pourquoi quand où quoi si mais merci bonjour bonsoir c'est ça est-ce plus très encore depuis fait",
  'no sí cómo qué por qué cuándo dónde quién pero gracias hola buenos días ya muy más todavía desde quiero hay hace',
  'niet geen hoe wat waarom wanneer waar wie als maar ja nee bedankt dank hallo nog al weg dan er staat bij naar wil jullie',
]
const dullWords: ReadonlySet<string> = new Set(dullLists.flatMap((list) => list.split(' ')))

/** True for words that name no subject: they cannot begin or end a keyword. */
export function isDullWord(word: string): boolean {
  return languagesOf.has(word) || dullWords.has(word) || /^\p{N}+$/u.test(word)
}

const particles: ReadonlySet<string> = new Set(['up', 'off', 'out', 'back', 'down', 'in'])

/** True for the second half of words like "top up" and "log in": dull by itself, but not at the end of a phrase. */
export function isParticle(word: string): boolean {
  return particles.has(word)
}

const languagesOf = new Map<string, string[]>()
for (const [language, list] of Object.entries(lists)) {
  for (const word of list.split(' ')) languagesOf.set(word, [...(languagesOf.get(word) ?? []), language])
}

/** True for words so common in their language that they say nothing about a text's subject. */
export function isStopWord(word: string): boolean {
  return languagesOf.has(word)
}

/** The languages in which a word is a stop word; none for words that tell nothing of the language. */
export function languagesOfStopWord(word: string): readonly string[] {
  return languagesOf.get(word) ?? []
}
