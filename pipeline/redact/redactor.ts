// What is private or secret in a trace is masked before anybody reads it: no model, no table and no artifact gets to see it.
import type { Span, Trace } from '../trace.ts'
import { findPayments } from './cards.ts'
import { findEmails } from './emails.ts'
import { findAll, type Finder } from './findings.ts'
import { findNationalIds } from './national-ids.ts'
import { findAddresses } from './network.ts'
import type { Run } from './number-runs.ts'
import { findPhones } from './phones.ts'
import { findSecretFields, isSecretField } from './secret-fields.ts'
import { findRandom, findTokens } from './tokens.ts'

/** Where in a text something stands, in time linear in the text. */
export type FindPlaces = (text: string) => Run[]

/** A pattern of one's own: what it finds becomes `[<name>-1]`, `[<name>-2]`, … */
export type CustomPattern = { name: string; find: FindPlaces }

/** `mask` masks more text of the same trace: what was met before keeps its placeholder. */
export type Redacted = { trace: Trace; mask: (text: string) => string }

export type Redact = (trace: Trace) => Redacted

/** Leaves everything as it is. */
export const redactNothing: Redact = (trace) => ({ trace, mask: (text) => text })

/** Those that are sure of themselves first; the last one guesses. */
const sure: readonly Finder[] = [
  findTokens,
  findSecretFields,
  findEmails,
  findPayments,
  findNationalIds,
  findAddresses,
  findPhones,
]
const finders: readonly Finder[] = [...sure, findRandom]

/**
 * Masks email addresses, phone numbers, payment cards and accounts, national ids, IP addresses, keys, tokens and the values
 * of secret fields, in time linear in the trace. Each becomes a placeholder such as `[email-1]`, the same for the same value
 * wherever it occurs in the trace, so that the story stays readable; nothing leads back from it to the value.
 */
export function createRedactor({ patterns = [] }: { patterns?: readonly CustomPattern[] } = {}): Redact {
  const all = [
    ...patterns.map(
      ({ name, find }): Finder =>
        (text) =>
          find(text).flatMap((place) => (place.end > place.start ? [{ ...place, kind: name }] : [])),
    ),
    ...finders,
  ]
  return (trace) => {
    const placeholders = createPlaceholders()
    const known = new Map<string, string>()
    const mask = (text: string): string => {
      if (text.length < shortest) return text
      const before = known.get(text)
      if (before !== undefined) return before
      const masked = replaceFindings(text, all, placeholders)
      known.set(text, masked)
      return masked
    }
    const masks: Masks = {
      mask,
      maskId: (id) => replaceFindings(id, sure, placeholders),
      hide: (value) => placeholders('secret', value),
    }
    return { trace: maskTrace(trace, masks), mask }
  }
}

/** Nothing we look for is shorter. */
const shortest = 6

type Placeholders = (kind: string, value: string) => string

function createPlaceholders(): Placeholders {
  const numbers = new Map<string, number>()
  const counts = new Map<string, number>()
  return (kind, value) => {
    const key = `${kind} ${kind === 'secret' ? value : value.toLowerCase().replace(/[^\p{L}\p{N}@._:]/gu, '')}`
    let number = numbers.get(key)
    if (number === undefined) {
      number = (counts.get(kind) ?? 0) + 1
      counts.set(kind, number)
      numbers.set(key, number)
    }
    return `[${kind}-${number}]`
  }
}

function replaceFindings(text: string, all: readonly Finder[], placeholders: Placeholders): string {
  const findings = findAll(text, all)
  if (findings.length === 0) return text
  let masked = ''
  let from = 0
  for (const { start, end, kind } of findings) {
    masked += text.slice(from, start) + placeholders(kind, text.slice(start, end))
    from = end
  }
  return masked + text.slice(from)
}

type Masks = {
  mask: (text: string) => string
  /** An id of a session or user may look random and be no key; it may also be a mail address. */
  maskId: (id: string) => string
  hide: (value: string) => string
}

function maskTrace({ info, spans, readShare }: Trace, masks: Masks): Trace {
  const { mask, maskId } = masks
  return {
    readShare,
    spans: spans.map((span) => maskSpan(span, masks)),
    info: {
      ...info,
      requestPreview: mask(info.requestPreview),
      responsePreview: mask(info.responsePreview),
      ...(info.name === undefined ? {} : { name: mask(info.name) }),
      ...(info.session === undefined ? {} : { session: maskId(info.session) }),
      ...(info.user === undefined ? {} : { user: maskId(info.user) }),
      assessments: info.assessments.map((assessment) => ({
        ...assessment,
        value: maskValue(assessment.value, masks),
        ...(assessment.rationale === undefined ? {} : { rationale: mask(assessment.rationale) }),
      })),
    },
  }
}

function maskSpan(span: Span, masks: Masks): Span {
  return {
    ...span,
    statusMessage: masks.mask(span.statusMessage),
    inputs: maskValue(span.inputs, masks),
    outputs: maskValue(span.outputs, masks),
    attributes: maskValue(span.attributes, masks) as Span['attributes'],
    events: span.events.map((event) => ({
      ...event,
      attributes: maskValue(event.attributes, masks) as Span['attributes'],
    })),
  }
}

type Holder = Record<string, unknown> | unknown[]

/**
 * A copy with every string masked, keys as they are. Iterative, so that JSON nested a hundred thousand levels deep cannot
 * overflow the stack.
 */
function maskValue(value: unknown, { mask, hide }: Masks): unknown {
  const open: { from: Holder; to: Holder }[] = []
  const copy = (inner: unknown, name: string): unknown => {
    if (name !== '' && isSecretField(name, inner)) return hide(String(inner))
    if (typeof inner === 'string') return mask(inner)
    if (inner === null || typeof inner !== 'object') return inner
    const to: Holder = Array.isArray(inner) ? [] : {}
    open.push({ from: inner as Holder, to })
    return to
  }
  const whole = copy(value, '')
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { from, to } = next
    if (Array.isArray(from)) for (const item of from) (to as unknown[]).push(copy(item, ''))
    else {
      for (const [key, inner] of Object.entries(from)) {
        const masked = copy(inner, key)
        // A key like any other in JSON, but not for an assignment.
        if (key === '__proto__') Object.defineProperty(to, key, { value: masked, enumerable: true })
        else (to as Record<string, unknown>)[key] = masked
      }
    }
  }
  return whole
}
