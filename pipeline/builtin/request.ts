// What somebody wants: the sentence that says it, taken down to its point.
import { openers } from './cues.ts'
import { cutWords, sentenceCase } from './plain-text.ts'
import { speaksToYou, toThirdPerson } from './third-person.ts'

/**
 * A request taken apart: `want`, `ask`, `can` and `how` have a verb phrase (“return a lamp”), `thing` has a noun phrase
 * (“a ride to the airport”), `help` what help is needed with; `question` and `statement` stand as they were said.
 */
export type Request = {
  form: 'want' | 'thing' | 'ask' | 'can' | 'how' | 'help' | 'question' | 'statement'
  phrase: string
}

const wish =
  "(?:i(?:'d| would)?(?: really| just| also| still| actually| only)?(?: want| need| like| love| wish| prefer| require)|i(?:'m| am)(?: just| also| currently)? (?:trying|looking|hoping|calling|wanting|planning|here)|i was (?:hoping|wondering|looking)|i have|i (?:wanna|gotta)|(?:we|my \\w+)(?:'d| would)?(?: want| need| like| wants| needs)s?)"

const forms: readonly [RegExp, Request['form']][] = [
  [new RegExp(`^${wish} you to (.+)$`, 'i'), 'ask'],
  [
    new RegExp(
      `^${wish} to (?:know|find out|understand|learn|ask|check|see) (?:about )?how (?:to|i can|do i|can i) (.+)$`,
      'i',
    ),
    'how',
  ],
  [new RegExp(`^${wish} (?:some )?(?:help|assistance)(?: with| in|,)? (.+)$`, 'i'), 'help'],
  [new RegExp(`^${wish} to (.+)$`, 'i'), 'want'],
  [/^(?:i )?(?:wanna|gotta) (.+)$/i, 'want'],
  [/^i(?:'d| would)? (?:just |also |really )?(?:want|need|like|require) (.+)$/i, 'thing'],
  [/^i(?:'m| am) (?:just |also )?(?:looking|searching) for (.+)$/i, 'thing'],
  [
    /^(?:i was wondering if|i wonder if|do you (?:know|think) if|please (?:tell|let) me know if|is there (?:any|a) (?:way|chance)(?: that| for me)?|is it (?:possible|ok|okay)(?: for me)?|would it be possible(?: for me)?|am i (?:able|allowed)|do i (?:have|need)|how (?:easy|hard) is it)(?: to| i can| i could| you can| you could| we can)? (.+)$/i,
    'can',
  ],
  [
    /^(?:can|could|would|will)(?: you| u)(?: please| kindly| maybe| possibly| just| also)* (?:help|assist|guide|walk) me(?: out)?(?: please)?(?: with| to| in| through| by)? (.+)$/i,
    'help',
  ],
  [
    /^(?:can|could|would|will|may)(?: you| u)(?: please| kindly| maybe| possibly| just| also| be able to)* (?:tell me|explain|let me know|advise|say|show me|give me (?:an? )?(?:idea|information|info|details)(?: of| on| about)?) (?:about )?how (?:to|i can|do i|can i) (.+)$/i,
    'how',
  ],
  [
    /^(?:can|could|would|will|may)(?: you| u)(?: please| kindly| maybe| possibly| just| also| be able to)* (.+)$/i,
    'ask',
  ],
  [
    /^(?:can|could|may|should|would|might|shall|will)(?: i| we)(?: please| just| also| still| be able to)* (.+)$/i,
    'can',
  ],
  [/^(?:please |just )?(?:tell me|explain|let me know|show me)(?: to me)? how (?:to|i can|do i|can i) (.+)$/i, 'how'],
  [/^how (?:do|can|could|would|should|might|may|will)(?: i| we| you| one)(?: go about| be able to)? (.+)$/i, 'how'],
  [/^how (?:to|do you|does one) (.+)$/i, 'how'],
  [
    /^(?:what(?:'s| is) the (?:best |easiest |quickest )?(?:way|process|procedure|steps?) (?:to|for|of)|what (?:do|should|must) i (?:need to )?do(?: to| if)?) (.+)$/i,
    'how',
  ],
  [/^(?:please )?(?:help|assist) me(?: out)?(?: please)?(?: with| to| in)? (.+)$/i, 'help'],
  [
    /^(?:i have|i've got|i had|got) (?:a |an |some |another )?(?:question|query|issue|problem|concern)s?(?: about| with| regarding| on| concerning) (.+)$/i,
    'help',
  ],
  [/^(?:please|kindly|let's|let us) (.+)$/i, 'ask'],
]
const questionStart =
  /^(?:what|why|when|where|who|which|how|is|are|was|were|am|do|does|did|has|have|had|will|would|can|could|should|if|whats|what's|hows|wheres)\b/i

const introduction =
  /^(?:(?:this is|my name is|my name's|i am|i'm|it's|name is) [A-Z][\w'-]*(?: [A-Z][\w'-]*)?(?: speaking| here| again| calling)?\s*(?:[,.;:–-]+\s*(?:and )?| and )(?=\S))/

const verbs = new Set(
  'activate add adjust answer apply arrange ask book buy calculate call cancel change charge check choose claim clear close combine compare complete confirm connect contact convert correct create decline delete deliver describe disable dispute do download drop edit enable enroll enrol escalate exchange expedite explain extend file fill find fix freeze get give go hear help increase inquire install issue join keep know learn leave link list locate lock look lower make modify move open order pay place plan play post process protect provide purchase put raise read receive recommend recover reduce refund register remove renew renovate rent reorder replace report request reschedule reserve reset resend resolve restart return reverse review ride save schedule search see select sell send set setup show sign speak split start stop store submit suggest swap switch take talk tell terminate top track transfer try turn undo unlock update upgrade use verify view wait withdraw work write'.split(
    ' ',
  ),
)

/** Takes an English request down to its point; other languages keep the sentence without its greeting. */
export function toRequest(plain: string, language: string): Request {
  const sentence = withoutOpeners(withoutOpeners(plain).replace(introduction, ''))
  if (language !== 'en' && language !== 'und')
    return { form: sentence.endsWith('?') ? 'question' : 'statement', phrase: sentence }
  const start = sentence.replace(
    /^(?:i (?:think|believe|guess|suppose|mean|was told|see|noticed|just noticed)(?: that)?|it (?:seems|looks|appears)(?: like| that)?|i(?:'m| am) interested in (?=\w+ing))\s?(?=\S)/i,
    '',
  )
  const bare = clauseWith(start)
  for (const [pattern, form] of forms) {
    const phrase = pattern.exec(bare)?.[1]
    if (phrase === undefined) continue
    const point = withoutTail(phrase)
    if (contentCount(point) === 0) continue
    // “What do I do when my card expires”, “the process for a new card”: nothing to do is named.
    if (form === 'how' && !startsWithVerb(point))
      return { form: /^(?:if|when|my|the|i|it)\b/i.test(point) ? 'question' : 'help', phrase: point }
    if (form === 'want' && /^know |^find out |^ask /i.test(point)) return { form, phrase: point }
    return {
      form: form === 'thing' && startsWithVerb(point) && !/^(?:a|an|the|my|some)\b/i.test(point) ? 'want' : form,
      phrase: point,
    }
  }
  const point = withoutTail(start)
  if (questionStart.test(point) || sentence.endsWith('?')) return { form: 'question', phrase: point }
  return { form: startsWithVerb(point) ? 'ask' : 'statement', phrase: point }
}

/** “…, and I'd like to return it” starts at the wish when what comes before only leads up to it. */
function clauseWith(sentence: string): string {
  const at =
    /(?:^|[,;:–—-] |\b(?:and|but|so|because|since) )((?:i(?:'d| would| want| need|'m (?:looking|trying|hoping))|can (?:you|i)|could (?:you|i)|how (?:do|can)|please) .+)$/i.exec(
      sentence,
    )
  if (at?.[1] === undefined || at.index === 0) return sentence
  const lead = sentence.slice(0, at.index)
  return contentCount(lead) <= 3 ? at[1] : sentence
}

/** The sentence without greetings and other words that come before its first. */
export function withoutOpeners(plain: string): string {
  let text = plain
  for (let i = 0; i < 4; i++) {
    const next = text.replace(openers, '')
    if (next === text || contentCount(next) === 0) break
    text = next
  }
  return text.trim()
}

/** The phrase without closing thanks and punctuation, cut at a clause when long. */
function withoutTail(phrase: string): string {
  let text = phrase
    .replace(
      /[\s,]*(?:please|thanks|thank you|asap|as soon as possible|for me|if possible|today|right now|right away)?[\s.!?…,;:]*$/i,
      '',
    )
    .replace(
      /(?:,| and| but) (?:please help|can you help|could you help|i need help|would you|is that possible|what do you need|what should i do|help).*$/i,
      '',
    )
    .replace(/\s*\([^)]*\)/g, '')
    .trim()
  if (wordCount(text) > 18) {
    const clauses =
      /^(.{40,150}?)(?:[;:–—]|, (?:and|but|so|because|since|which|as|if)\b| because\b| since\b| so that\b|\. |, )/.exec(
        text,
      )
    if (clauses?.[1] !== undefined) text = clauses[1]
  }
  return text
}

function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)?.length ?? 0
}

const empty = new Set(
  "a an the i you it he she they we me my your his her its our their this that these those to of in on at by for from with about as and or but if so is are was were be been am do does did have has had can could will would should may might must not no yes please help need want like would'd i'd i'm just really there here some any hi hello thanks thank ok okay some something anything one more question questions assist assistance problem issue".split(
    ' ',
  ),
)

/** How many words of a text carry meaning. */
export function contentCount(text: string): number {
  return (text.toLowerCase().match(/[\p{L}][\p{L}'-]*/gu) ?? []).filter((word) => !empty.has(word)).length
}

function startsWithVerb(phrase: string): boolean {
  return verbs.has(/^[a-z]+/i.exec(phrase)?.[0].toLowerCase() ?? '')
}

/** The request told of somebody: “wants to return a lamp”; `undefined` where only a quotation will do. */
export function reportRequest({ form, phrase }: Request): string | undefined {
  if (speaksToYou(phrase)) return undefined
  const told = lowerFirst(toThirdPerson(phrase))
  switch (form) {
    case 'want':
      return `wants to ${told}`
    case 'thing':
      return `wants ${told}`
    case 'ask':
      return startsWithVerb(phrase) ? `asks the assistant to ${told}` : undefined
    case 'can':
      return startsWithVerb(phrase) ? `asks whether they can ${told}` : undefined
    case 'how':
      return `asks how to ${told}`
    case 'help':
      return startsWithVerb(phrase) ? `needs help to ${told}` : `needs help with ${told}`
    case 'statement':
      return /\b(?:my|i|me|we|our|i'm|i've)\b/i.test(phrase) ? `says that ${told}` : undefined
    case 'question':
    default:
      return undefined
  }
}

/** The request as a heading: “Return a lamp”, “Card payment still pending”. */
export function titleOfRequest({ form, phrase }: Request, maxWords = 12): string {
  let text = phrase
  text = text
    .replace(
      /^(?:know|find out|learn|see|check|ask|understand)(?: about)? (?=(?:how|what|when|where|whether|if|why|which)\b)/i,
      '',
    )
    .replace(/^(?:know|ask|inquire|talk|speak) about /i, '')
  if (form === 'how') text = `how to ${phrase}`
  if (form === 'thing' || form === 'help') text = text.replace(/^(?:a|an|the|my|some|this|that)\s+/i, '')
  text = text.replace(
    /^(?:why|how come) (?:is|are|was|were|does|do|did|has|have|had) (?=my|the|this|there|i\b|it)/i,
    '',
  )
  text = text.replace(/^why (?:can't|cannot|can not|couldn't) (?:i|we) /i, "can't ").replace(/^why can't /i, "can't ")
  text = text.replace(/^(?:do|would|could|can) you (?:know|tell me|explain|say) /i, '')
  text = text.replace(
    /^(?:what(?:'s| is| are| was| were)|whats|do i have|is there|are there|do you (?:have|offer)) (?=(?:the|my|this|these|your|a|an|any|some)\b)/i,
    '',
  )
  text = text.replace(
    /^(?:there (?:is|are|was|were)|there's|i (?:have|had|got|see|saw|found|noticed)|i've(?: got)?|it's|it is|this is) /i,
    '',
  )
  text = text
    .replace(/^(?:my|the|this|these|our|a|an|any|some|your) /i, '')
    .replace(/^i (?=\w)/i, '')
    .replace(/^i'm /i, '')
  text = text
    .replace(/\b(?:my|our) /gi, '')
    .replace(/[.?!,;:…]+$/, '')
    .trim()
  if (text === '') text = phrase
  return sentenceCase(cutWords(withoutLooseEnd(text.split(' ').slice(0, maxWords).join(' ')), 100))
}

/** A phrase cut short may not end in a word that leads on. */
function withoutLooseEnd(text: string): string {
  let out = text
  for (;;) {
    const next = out.replace(
      /[\s,;:–—(-]+(?:and|or|to|of|in|on|at|for|with|the|a|an|is|are|was|were|but|that|from|my|i|it|its|by|as|if|because|so|be|have|has|they|their|which|who|when|while|into|than|not|them|we|this|any|some|there|where|what|why|how|also|und|oder|der|die|das|mit|et|ou|de|la|le|y|en|el|met|van|het)?$/i,
      '',
    )
    if (next === out || next === '') return out
    out = next
  }
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) || text.startsWith('A ') ? text[0]!.toLowerCase() + text.slice(1) : text
}
