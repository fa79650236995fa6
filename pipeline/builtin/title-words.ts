// The words of titles: which carry meaning, and between which a phrase may begin and end.
import { stemOf } from '#/clustering/text/stem.ts'
import { isStopWord } from '#/clustering/text/stop-words.ts'

export type Word = {
  text: string
  lower: string
  stem: string
  /** True for words that carry meaning of their own. */
  isContent: boolean
  /** Punctuation right before or after. */
  opens: boolean
  closes: boolean
}

const light = new Set(
  "i'm i've i'd i'll it's don't didn't doesn't isn't haven't hasn't won't can't couldn't wasn't not no never why how what when where which who whether than then there their they them as by from into if but because so just also still get got getting want need like please help know tell use using make give go see let lets some any all one two more most much many very really too out up down off over again back now yet only even been being were he she his her him after before since until while during without via per within me ok okay asap say says said saying tells told show shows showing came come comes coming went yours mine ours theirs they've they're they'll we've we're you've you're he's she's that's there's what's who's here's hello hi hey thanks thank yes yeah sorry sure well oh able going doing done trying looking want wants wanted needs wondering hoping think believe lot bit else same such both each other another new old good great nice right please kindly okay something anything everything nothing hallo bonjour hola danke merci gracias bedankt".split(
    ' ',
  ),
)
const negations = new Set(
  "not no never can't cannot couldn't don't didn't doesn't hasn't haven't isn't wasn't won't without unable".split(' '),
)
const generic = new Set(
  'order orders account assist assistance thing things something someone question questions time day days today tomorrow yesterday week month way problem issue information info details recent recently possible item items purchase purchases option options price material materials difference differences version model type status home house home app text stuff night box text past work money app balance'.split(
    ' ',
  ),
)

/** Splits a phrase into words, keeping where punctuation separates them. */
export function wordsOfPhrase(text: string): Word[] {
  const words: Word[] = []
  const pattern = /([^\p{L}\p{N}']*)([\p{L}\p{N}][\p{L}\p{N}'’&/-]*)/gu
  for (const match of text.matchAll(pattern)) {
    const [, before = '', raw = ''] = match
    const shown = raw.replace(/[’'/&-]+$/u, '')
    const lower = shown.toLowerCase().replaceAll('’', "'")
    const opens = words.length === 0 || /[.,;:!?()"“”«»„…–—|]/.test(before)
    const previous = words.at(-1)
    if (opens && previous !== undefined) previous.closes = true
    words.push({
      text: shown,
      lower,
      stem: stemOf(lower.replace(/'s$/, '')),
      isContent: isContentWord(lower),
      opens,
      closes: false,
    })
  }
  const last = words.at(-1)
  if (last !== undefined) last.closes = true
  return words
}

/** The stems of the words that carry meaning in a title. */
export function stemsOfTitle(title: string): string[] {
  return wordsOfPhrase(title).flatMap(({ isContent, stem }) => (isContent ? [stem] : []))
}

function isContentWord(lower: string): boolean {
  return lower.length > 1 && !isStopWord(lower) && !light.has(lower) && !/^[\d.,]+$/.test(lower)
}

/** Words that nearly every request of some product shares: they may stand in a title but do not make one. */
export function isGenericWord(lower: string): boolean {
  return generic.has(lower)
}

/** Words that turn a meaning round, which a title may not lose. */
export function isNegation(lower: string): boolean {
  return negations.has(lower)
}
