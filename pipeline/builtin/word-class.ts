// Guesses what kind of word each word of a line is: closed lists, endings and neighbours. Enough to cut phrases well.
import { isStopWord } from '#/clustering/text/stop-words.ts'
import type { Word } from './title-words.ts'

/** `other` stands for whatever no phrase may hold: numbers, units, times, greetings, pronouns, fillers. */
export type WordClass =
  | 'noun'
  | 'verb'
  | 'adjective'
  | 'adverb'
  | 'determiner'
  | 'preposition'
  | 'auxiliary'
  | 'negation'
  | 'to'
  | 'particle'
  | 'other'

const list = (words: string) => new Set(words.trim().split(/\s+/))

const determiners = list(
  'a an the my your our his her its their this that these those some any every each another both all whose no own',
)
const prepositions = list(
  'of in on at for with from by about into onto after before since until till during without within through per via against between under over above below near behind beside besides around across along toward towards regarding concerning despite except like as than inside outside',
)
const auxiliaries = list(
  "is are was were am be been being do does did has have had will would can could should may might must shall isn't aren't wasn't weren't doesn't don't didn't hasn't haven't hadn't won't wouldn't can't cannot couldn't shouldn't cant wont dont doesnt didnt hasnt havent isnt it's thats that's there's",
)
const negations = list('not never nothing nobody none')
const particles = list('up off out down back away through again yet in on over')
const adverbs = list(
  'still just also already now then there here very really too even only ever always often soon later today tomorrow yesterday tonight again quite almost maybe perhaps please instead anymore else well together once twice however otherwise somehow somewhere anywhere everywhere yet ago first last next away far fast hard right straight apart about rather else abroad online overnight honestly exactly when where why how if because while though although since whether so and or but either neither nor which who whom what whose until ahead afterwards',
)
const adjectives = list(
  'able annual available bad big blue black white red green grey gray bright broken cheap cheaper cheapest clean clear cold common correct current daily damaged dark dead different difficult digital direct double dry due early easy electric empty entire exact expensive extra faulty few fine final fixed flat foreign free fresh full general good great half happy hard heavy high higher highest hot huge important incorrect internal international invalid kind large larger largest last late latest local long lost loud low lower lowest main many maximum mechanical medical minimum missing monthly more most much multiple native near new newer next nice noisy normal odd official offline old older open original other outstanding overdue own pending personal physical planned possible previous private public quick ready real recent recurring regular rude safe same second secure separate several short sick silent similar simple single slow small smart soft solar sorry special specific spare stolen strange strong sudden suspicious tiny top total unable underfloor unexpected unknown unused upset upcoming urgent used useless usual valid variable virtual warm waterproof weekly weird whole wide wireless wooden wrong yearly young strange stone pricier disposable additional affordable another certain lovely beautiful bigger better best worse worst smaller faster slower elderly deaf blind pregnant lonely friendly outdoor indoor upstairs downstairs loyal past upper smart-looking current original pending',
)
/** States that say what is wrong with a thing. */
const states = list(
  'offline late missing wrong broken faulty damaged declined pending blocked locked stolen lost stuck delayed expired cancelled canceled rejected refused reverted frozen compromised dead cold loud noisy high higher low lower slow empty down gone failing failed doubled charged unavailable incorrect invalid leaking flashing disconnected late unpaid estimated melted cut swallowed contactless overdue unexpected scheduled flickering melting beeping updating dark',
)
const plainVerbs =
  'understand authenticate recognize follow unblock accept access activate add adjust agree allow answer apply appear arrange arrive ask assist attend avoid become begin believe block book borrow break bring build burn buy calculate call cancel change charge check choose claim clear click close collect combine come compare complain complete confirm connect contact continue convert correct cost cover create cut deal decide decline delay delete deliver deny describe disable disappear discuss disconnect dispute do download drop earn edit email enable end enroll ensure enter escalate exchange expect expedite expire explain extend feel figure file fill find finish fit fix forget freeze get give go guess handle happen hate hear help hold hope identify ignore improve include increase inform inquire install invite join keep know land last lead learn leave let link listen live load locate lock log look lose love lower make manage mean meet mention mind miss modify move need notice offer open order organize organise overcharge own pay pick plan play plug post prefer press process promise protect provide prove purchase push put quote raise reach read realize realise receive recommend recover reduce refer refund refuse register reinstate reject remember remove renew rent reorder repair repeat replace reply report request require reschedule reserve reset resolve respond restart resume retrieve return reverse revert review ride ring run rsvp save say schedule search see seem sell send set share ship show sign sit sleep smell sort speak spend split stand start stay stick stop store submit subscribe suggest supply suppose swap switch take talk tell terminate test think top touch track transfer travel trust try turn undo unfreeze unlock unsubscribe update upgrade upload use verify view visit wait wake walk want warn wash watch wear win withdraw wonder work worry write sync lend lose bounce hang trip chirp hum drill fill leak'
const verbs = list(plainVerbs)
const pastVerbs = list(
  'got went came took made said told gave found lost paid bought sent saw thought knew left kept put let ran began broke brought chose did drew drove fell felt forgot froze grew heard held hit hurt led lent meant met read rang rode rose sat sold set shut slept spoke spent stood stole swore taught threw understood woke wore won wrote been gone done seen taken given known shown written broken chosen stolen spoken begun worn bounced built dug went stuck wanna gotta gonna ate works needs wants takes gets makes says keeps looks seems helps costs shows goes comes happens',
)
/** Verbs that are nouns as well: nouns behind a determiner, adjective, noun or preposition, and wherever else nothing asks for a verb. */
const nounsToo = list(
  'access answer block book break call cancel change charge check claim click close contact cost cover cut deal delay deposit dispute drop email end estimate exchange file fit fix guess help hold increase load lock log look load love mind miss move notice offer order own pay pick plan play plug post press process promise purchase quote read refund rent repair reply report request reserve reset return review ride ring run sale schedule search set share ship show sign sleep smell sort split stand start stay stick stop store supply swap switch talk test top touch track transfer trip trust try turn update upgrade view visit wait walk wash watch win work transfer top-up install leak hum',
)
const nounEndings =
  /(?:tion|sion|ment|ness|ity|ance|ence|ship|ism|ist|ure|age|dom|hood|acy|ery|or|er|eer|logy|graph|phone)s?$/
const adjectiveEndings = /(?:ful|less|ous|able|ible|ish|iest|ic|ical|ary)$/
const nounsThatEndLikeAdjectives = list(
  'cable table vegetable public music traffic topic fabric clinic critic mechanic logic panic medic comic plastic electric dish fish finish polish summary salary library diary dictionary anniversary beneficiary itinerary',
)
const nounsThatEndLikeAdverbs = list(
  'reply supply family july assembly bully ally belly fly jelly italy monthly daily weekly',
)
const nounsInIng = list(
  'heating building meeting reading readings viewing viewings setting settings booking bookings parking banking billing shipping listing rating ratings charging roaming warning warnings saving savings evening morning ceiling wiring training meaning opening openings feeling hearing painting string ring king wing thing something anything everything nothing flooring lighting cooling packaging pricing landing saving earnings gaming housing wedding pudding smart-charging waterproofing',
)
const whats = list('what which who whom whose that whatever whichever')
const fillers = list(
  "i you he she it we they me him us them u ur ya ye yer im ive id ill i'm i've i'd i'll you're you've we're we've they're they've he's she's mine yours ours theirs myself yourself itself hi hey hello hiya howdy morning afternoon evening dear thanks thank thx cheers ta welcome sorry bye goodbye ok okay yes yeah yep nope sure oh ah eh um uh er hmm lol haha wow right alright well sir madam mr mrs ms miss dr nora please kindly hallo bonjour hola danke merci gracias bedankt thing things stuff something anything everything someone somebody anyone anybody everyone everybody one ones way ways bit lot lots kind sort piece couple pair case fact point reason question questions help time times moment while today tomorrow yesterday tonight day days week weeks month months year years hour hours minute minutes mins second seconds weekend january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun spring summer autumn winter am pm oclock o'clock zero two three four five six seven eight nine ten eleven twelve hundred thousand twenty thirty first quarter half dozen kwh kw mwh kwp kva w watt watts kg km cm mm mb gb tb ghz ram celsius pence pound pounds euro euros dollar dollars quid eur gbp usd percent p cent cents e-g i-e etc asap fyi btw idea look sense chance rest place issue problem trouble matter detail details info information request requests assistance side part end let lads lad mate guys man men woman fella bloke folks love son daughter mum mother father dad husband wife sister brother friend friends people person customer customers nothing dont didnt name number letter word words yours here's honey lots tbh anyways theres owe text hall whos whats hows wheres number amount others other another reading-of",
)

/** What each word of a line most likely is. `language` other than English knows only small words and capitals. */
export function classesOf(words: readonly Word[], language: string): WordClass[] {
  const classes: WordClass[] = []
  const guess = language === 'en' || language === 'und' ? englishClass : foreignClass(language)
  words.forEach((word, index) => {
    const before = word.opens ? undefined : words[index - 1]
    classes.push(guess(word, before === undefined ? undefined : classes[index - 1], words, index))
  })
  return classes
}

type Guess = (word: Word, before: WordClass | undefined, words: readonly Word[], index: number) => WordClass

const englishClass: Guess = ({ lower, text, closes }, before, words, index) => {
  if (/\d/.test(lower) || lower.length < 2) return lower === 'a' ? 'determiner' : 'other'
  const next = closes ? undefined : words[index + 1]
  if (lower === 'to') return 'to'
  if (negations.has(lower)) return 'negation'
  if (lower === 'no') return next === undefined ? 'other' : 'determiner'
  if (auxiliaries.has(lower)) return 'auxiliary'
  if (determiners.has(lower)) return 'determiner'
  if (particles.has(lower) && before === 'verb') return 'particle'
  if (/^(?:up|off|out|down|away|back)$/.test(lower)) return 'adverb'
  if (prepositions.has(lower)) return 'preposition'
  // “a lot”, “the other day”; but a “direct debit reading” stays.
  if (fillers.has(lower)) return 'other'
  if (whats.has(lower) || (adverbs.has(lower) && !(adjectives.has(lower) && isNounAhead(next)))) return 'adverb'
  const asksVerb =
    before === 'to' ||
    before === 'negation' ||
    (before === 'auxiliary' && !/^(?:is|are|was|were|be|been)$/.test(words[index - 1]?.lower ?? ''))
  const wantsNoun = before === 'determiner' || before === 'adjective' || before === 'preposition' || before === 'noun'
  if (adjectives.has(lower)) return 'adjective'
  if (states.has(lower)) return 'adjective'
  if (nounsInIng.has(lower)) return 'noun'
  if (pastVerbs.has(lower) && !verbs.has(lower)) return 'verb'
  if (verbs.has(lower)) {
    if (!nounsToo.has(lower)) return 'verb'
    if (wantsNoun) return 'noun'
    return asksVerb || startsPhrase(next) ? 'verb' : 'noun'
  }
  if (lower.endsWith('ly') && lower.length > 4 && !nounsThatEndLikeAdverbs.has(lower)) return 'adverb'
  if (lower.endsWith('ing') && lower.length > 4 && isFormOfVerb(lower))
    return before === 'determiner' && isNounAhead(next) ? 'adjective' : 'verb'
  if (lower.endsWith('ed') && lower.length > 4 && !lower.endsWith('eed'))
    return (before === 'determiner' || before === 'adjective' || before === 'preposition' || before === undefined) &&
      isNounAhead(next)
      ? 'adjective'
      : 'verb'
  if (lower.endsWith('s') && !lower.endsWith('ss') && isFormOfVerb(lower)) {
    const base = lower.replace(/(?:es|s)$/, '')
    const mayBeNoun = nounsToo.has(base) || nounsToo.has(`${base}e`)
    return mayBeNoun ? 'noun' : wantsNoun && before !== 'noun' ? 'noun' : 'verb'
  }
  if (adjectiveEndings.test(lower) && !nounsThatEndLikeAdjectives.has(lower) && !/^\p{Lu}/u.test(text))
    return 'adjective'
  if (nounEndings.test(lower)) return 'noun'
  return /['’]/.test(lower) && !/['’]s$/.test(lower) ? 'other' : 'noun'
}

/** A verb with an object after it: “order a lamp”, not “order status”. */
function startsPhrase(next: Word | undefined): boolean {
  if (next === undefined) return false
  return (
    determiners.has(next.lower) ||
    /^(?:me|it|them|him|her|us|you)$/.test(next.lower) ||
    particles.has(next.lower) ||
    adjectives.has(next.lower) ||
    /[^s]s$/.test(next.lower)
  )
}

function isNounAhead(next: Word | undefined): boolean {
  if (next === undefined) return false
  const { lower } = next
  if (
    /\d/.test(lower) ||
    fillers.has(lower) ||
    adverbs.has(lower) ||
    prepositions.has(lower) ||
    auxiliaries.has(lower) ||
    determiners.has(lower) ||
    negations.has(lower) ||
    lower === 'to'
  )
    return false
  return !verbs.has(lower) || nounsToo.has(lower)
}

/** `charging`, `charged` and `charges` are forms of `charge`. */
function isFormOfVerb(lower: string): boolean {
  return baseOfVerb(lower) !== undefined
}

/** The plain form of a known verb: `scheduling` → `schedule`, `cancelled` → `cancel`; `undefined` for what is none. */
export function baseOfVerb(lower: string): string | undefined {
  if (verbs.has(lower)) return lower
  const cut = /^(.+?)(?:ing|ied|ies|ed|es|s)$/.exec(lower)?.[1]
  if (cut === undefined) return undefined
  return [cut, `${cut}e`, `${cut}y`, cut.replace(/(.)\1$/, '$1')].find((base) => base.length > 1 && verbs.has(base))
}

/** Nouns that are verbs as well: alone they may be torn out of a sentence. */
export function isVerbToo(lower: string): boolean {
  return nounsToo.has(lower)
}

/** Verbs of which half of all requests have one: they tell little of what is wanted. */
export function isWeakVerb(base: string): boolean {
  return /^(?:get|make|use|take|find|check|receive|put|buy|purchase|place|set|keep|send)$/.test(base)
}

/** Words that say what is wrong: “offline”, “declined”, “higher”. */
export function isState(lower: string): boolean {
  return states.has(lower)
}

/** Whether a word can never be the end of a title in English: function words, adverbs, verbs that are no nouns, bare adjectives. */
export function isWeakEnd(lower: string): boolean {
  if (lower === 'not') return true
  if (
    determiners.has(lower) ||
    prepositions.has(lower) ||
    auxiliaries.has(lower) ||
    negations.has(lower) ||
    lower === 'to'
  )
    return true
  if (fillers.has(lower) || adverbs.has(lower) || whats.has(lower)) return true
  return false
}

/** Whether a word by itself, such as a lone adjective or verb, is no title. */
export function isLoneNoTitle(lower: string): boolean {
  return (
    isWeakEnd(lower) ||
    adjectives.has(lower) ||
    states.has(lower) ||
    (verbs.has(lower) && !nounsToo.has(lower)) ||
    pastVerbs.has(lower)
  )
}

const foreignLight: Readonly<Record<string, ReadonlySet<string>>> = {
  de: list(
    'nicht kein keine keinen mehr noch nur schon auch wieder immer seit wie was warum wieso wann wo wer welche welcher wenn weil aber oder doch mal jetzt heute gestern morgen hier da dann so sehr ganz viel gut gerne um am im ins beim nach aus über unter vor durch gegen ohne bis an als sich mich mir uns euch ihnen man sind wir sein wurde wurden würde möchte will muss soll sollte könnte könnten kann geht habe hatte hatten hallo guten tag danke euro uhr herr frau',
  ),
  fr: list(
    "pas plus ne n'est n'ai comment pourquoi quand combien où qui quoi que mais donc alors aussi encore toujours déjà très bien fait faire peut peux puis veux voudrais c'est j'ai était depuis par en y à chez entre sans sous vers même tout tous toute toutes autre bonjour merci euros heure heures jour jours mois",
  ),
  es: list(
    'no más muy ya también todavía cómo por qué cuándo cuánto dónde quién pero porque si sin sobre entre desde hasta cuando como donde todo todos toda hay ha han hace hacer quiero puedo puede tengo tiene está están era fue ser hola gracias euros hora horas día días mes meses sigue',
  ),
  nl: list(
    'niet geen meer nog wel al ook weer steeds hoe waarom wanneer waar wie wat welke als maar want dus toen nu vandaag gisteren morgen hier daar er dan zo heel veel goed graag bij naar uit over onder door tegen zonder tot sinds om zich me mij ons jullie hun men kan kunnen wil willen moet moeten zou heb heeft hebben had krijg krijgt gaat hallo bedankt euro uur dag',
  ),
}

const foreignClass =
  (language: string): Guess =>
  ({ lower, text, opens }) => {
    if (/\d/.test(lower) || lower.length < 3) return 'other'
    if (isStopWord(lower)) return 'determiner'
    if (foreignLight[language]?.has(lower) === true || fillers.has(lower)) return 'other'
    if (language === 'de')
      return /^\p{Lu}/u.test(text) && !opens
        ? 'noun'
        : /^\p{Lu}\p{Ll}{4,}(?:ung|heit|keit|schaft|tion|er|en|el|ät|e|t|r|n)$/u.test(text)
          ? 'noun'
          : 'other'
    // Without a lexicon, long words in the middle of a line are nouns often enough; endings of verbs are not.
    if (language === 'fr' && /(?:er|ez|ons|ait|ent|é|ée|és|ées|ir|ment)$/.test(lower) && !/(?:tion|ment)$/.test(lower))
      return 'other'
    if (language === 'es' && /(?:ar|er|ir|ando|iendo|ado|ido|amos|emos|áis|mente)$/.test(lower)) return 'other'
    if (language === 'nl' && /(?:t|d)$/.test(lower) && /^(?:ge|be|ver)/.test(lower)) return 'other'
    return lower.length > 3 ? 'noun' : 'other'
  }
