// What an assistant did, told from the names of the tools it used.
import type { Turn } from '../transcript/transcript.ts'
import { handoverTool } from './cues.ts'

const pastOf: Readonly<Record<string, string>> = {
  get: 'checked', find: 'looked up', list: 'listed', search: 'searched', fetch: 'checked', lookup: 'looked up', check: 'checked', retrieve: 'checked',
  query: 'queried', read: 'read', load: 'loaded', show: 'checked', view: 'checked', verify: 'verified', validate: 'checked', calculate: 'calculated',
  compute: 'calculated', set: 'set', send: 'sent', book: 'booked', reserve: 'reserved', schedule: 'scheduled', reschedule: 'rescheduled', cancel: 'cancelled',
  modify: 'changed', change: 'changed', update: 'updated', edit: 'changed', submit: 'submitted', restart: 'restarted', reset: 'reset', rollback: 'rolled back',
  exchange: 'exchanged', return: 'returned', refund: 'refunded', report: 'reported', create: 'created', add: 'added', remove: 'removed', delete: 'deleted',
  start: 'started', stop: 'stopped', open: 'opened', close: 'closed', export: 'exported', import: 'imported', write: 'wrote', run: 'ran', execute: 'ran',
  pay: 'paid', charge: 'charged', order: 'ordered', register: 'registered', apply: 'applied', request: 'requested', plan: 'planned', assign: 'assigned',
  activate: 'activated', block: 'blocked', unlock: 'unlocked', lock: 'locked', move: 'moved', upload: 'uploaded', download: 'downloaded', generate: 'generated',
} // prettier-ignore
const lookups = new Set(
  'get find list search fetch lookup check retrieve query read load show view verify validate'.split(' '),
)
const silent = /^(?:think|reason|plan_next|final_answer|respond|finish|done|noop)$/i

export type Action = { name: string; phrase: string; isLookup: boolean; isHandover: boolean; failed: boolean }

/** The tools used, each once, in the order of first use. */
export function actionsOf(turns: readonly Turn[]): Action[] {
  const actions = new Map<string, Action>()
  const failures = new Set(
    turns.filter((turn) => turn.kind === 'error' && turn.name !== undefined).map((turn) => turn.name),
  )
  for (const { kind, name } of turns) {
    if (kind !== 'tool_call' || name === undefined || actions.has(name) || silent.test(name)) continue
    actions.set(name, { name, ...phraseOf(name), isHandover: handoverTool.test(name), failed: failures.has(name) })
  }
  if (turns.some((turn) => turn.kind === 'retrieval')) {
    actions.set('retrieval', {
      name: 'retrieval',
      phrase: 'searched its documents',
      isLookup: true,
      isHandover: false,
      failed: false,
    })
  }
  return [...actions.values()]
}

/** `get_order_details` → “checked order details”; `hotel_book` → “booked hotel”; `weather` → “used weather”. */
function phraseOf(toolName: string): { phrase: string; isLookup: boolean } {
  const words = wordsOf(toolName)
  const first = words[0] ?? ''
  const last = words.at(-1) ?? ''
  const rest = (list: readonly string[]) =>
    list.filter((word) => !/^(?:by|id|the|a|all|api|tool)$/.test(word)).join(' ')
  if (first in pastOf) {
    const object = rest(words.slice(1))
      .replace(/\b(?:name|email|zip)\b ?/g, '')
      .trim()
    return {
      phrase: `${pastOf[first]} ${object === '' ? 'it' : object}`.replace('looked up user', 'identified the user'),
      isLookup: lookups.has(first),
    }
  }
  if (words.length > 1 && last in pastOf) {
    const object = rest(words.slice(0, -1))
    return { phrase: `${pastOf[last]} ${article(object)}`, isLookup: lookups.has(last) }
  }
  return { phrase: `used ${words.join(' ') || 'a tool'}`, isLookup: false }
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
}

/** The words of a snake, kebab or camel case name. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '')
}

/** “checked order details and product details, then exchanged delivered order items”. Hand-overs are told by the ending. */
export function tellActions(actions: readonly Action[]): string {
  const told = actions.filter((action) => !action.isHandover)
  const looked = mergeVerbs(told.filter((action) => action.isLookup).map((action) => action.phrase)).slice(0, 3)
  const done = told
    .filter((action) => !action.isLookup)
    .map((action) => action.phrase + (action.failed ? ' (with an error)' : ''))
    .slice(0, 3)
  const lookText = joinAnd(looked)
  const doneText = joinAnd(done)
  if (lookText === '' || doneText === '') return lookText + doneText
  return `${lookText}, then ${doneText}`
}

/** “checked a, checked b” → “checked a and b”. */
function mergeVerbs(phrases: readonly string[]): string[] {
  const objects = new Map<string, string[]>()
  for (const phrase of phrases) {
    const verb = /^(?:looked up|identified|searched|\w+)/.exec(phrase)?.[0] ?? phrase
    const list = objects.get(verb) ?? []
    if (list.length < 3) list.push(phrase.slice(verb.length).trim())
    objects.set(verb, list)
  }
  return [...objects].map(([verb, list]) => `${verb} ${joinAnd(list)}`.trim())
}

export function joinAnd(list: readonly string[], and = 'and'): string {
  if (list.length <= 1) return list[0] ?? ''
  return `${list.slice(0, -1).join(', ')} ${and} ${list.at(-1)}`
}
