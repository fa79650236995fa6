// One and many: how English nouns are counted, and what a request for something is called.

const uncountable = new Set(
  'electricity power gas water heating heat money cash wifi wi-fi internet weather help advice noise smell energy data access insurance traffic luggage furniture news equipment software hardware support trivia credit debt compensation charging export solar pressure usage consumption apple google night life home status protection moving security identity priority gaming town center centre proof legislation tracking engineering dining broadway'.split(
    ' ',
  ),
)
const irregular: Readonly<Record<string, string>> = {
  person: 'people',
  child: 'children',
  man: 'men',
  woman: 'women',
  foot: 'feet',
  datum: 'data',
}

/** The plural of a noun or of the last word of a noun phrase; as it is where there is none or it is one already. */
export function pluralOf(phrase: string): string {
  const at = phrase.lastIndexOf(' ') + 1
  const word = phrase.slice(at)
  const lower = word.toLowerCase()
  if (
    lower.length < 3 ||
    uncountable.has(lower) ||
    isPlural(lower) ||
    (lower.endsWith('ing') &&
      !/^(?:meeting|booking|reading|viewing|building|setting|listing|rating|warning)$/.test(lower))
  )
    return phrase
  const known = irregular[lower]
  const plural =
    known ??
    (/[^aeiou]y$/.test(lower)
      ? word.replace(/y$/, 'ies')
      : /(?:s|x|z|ch|sh)$/.test(lower)
        ? `${word}es`
        : /(?:ife)$/.test(lower)
          ? word.replace(/fe$/, 'ves')
          : `${word}s`)
  return phrase.slice(0, at) + plural
}

function isPlural(lower: string): boolean {
  return lower.endsWith('s') && !/(?:ss|us|is|gas)$/.test(lower)
}

const deeds: Readonly<Record<string, string>> = {
  cancel: 'cancellation', return: 'return', exchange: 'exchange', swap: 'exchange', refund: 'refund', view: 'viewing', book: 'booking', reserve: 'reservation', pay: 'payment',
  change: 'change', modify: 'change', update: 'update', transfer: 'transfer', verify: 'verification', activate: 'activation', order: 'order', reset: 'reset', replace: 'replacement',
  renew: 'renewal', report: 'report', check: 'check', track: 'tracking', split: 'split', delete: 'deletion', close: 'closure', open: 'opening', install: 'installation', repair: 'repair',
  withdraw: 'withdrawal', schedule: 'booking', reschedule: 'change', move: 'move', plan: 'planning', organize: 'planning', organise: 'planning', dispute: 'dispute', unlock: 'unlocking', play: '',
} // prettier-ignore

/** What a deed is called by itself: `exchange` for exchange, `cancellation` for cancel; `undefined` where there is no word. */
export function deedNounOf(verb: string): string | undefined {
  return deeds[verb] === '' ? undefined : deeds[verb]
}

/** What asking to do something with a thing is called: cancel + order → “order cancellation”; the thing itself where there is no word. */
export function deedOf(verb: string, object: string): string {
  const deed = deeds[verb]
  if (deed === undefined || deed === '') return object
  return object.split(' ').at(-1) === deed || object.endsWith(`${deed}s`) ? object : `${singularOf(object)} ${deed}`
}

/** The singular of a noun or of the last word of a noun phrase. */
function singularOf(phrase: string): string {
  const lower = phrase.slice(phrase.lastIndexOf(' ') + 1).toLowerCase()
  if (!isPlural(lower) || lower.length < 4) return phrase
  if (lower.endsWith('ies')) return phrase.replace(/ies$/i, 'y')
  return phrase.replace(/(?<=(?:ss|x|z|ch|sh))es$|s$/i, '')
}

/** A single thing with its article: “a password”, “an account”; plural, uncountable and proper nouns go without. */
export function withArticle(thing: string): string {
  const head = thing.slice(thing.lastIndexOf(' ') + 1)
  const lower = head.toLowerCase()
  if (
    isPlural(lower) ||
    uncountable.has(lower) ||
    /^\p{Lu}\p{Ll}/u.test(head) ||
    (lower.endsWith('ing') && pluralOf(head) === head)
  )
    return thing
  return `${/^(?:[aeio]|u[nm]|hour)/i.test(thing) && !/^(?:eur|one)/i.test(thing) ? 'an' : 'a'} ${thing}`
}
