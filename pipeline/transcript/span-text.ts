// What a span literally says, and whether a quote is really in it.
import type { Span } from '../trace.ts'
import { parseJsonText } from './json-text.ts'

/**
 * All string leaves of a span's inputs, outputs, status message and events, one after another on lines of their own.
 * A leaf that is itself JSON text is given as it stands and then leaf by leaf, because that is how it is read.
 */
export function spanText(span: Span): string {
  const leaves: string[] = []
  collect(spanInputs(span), leaves)
  collect(spanOutputs(span), leaves)
  if (span.statusMessage !== '') leaves.push(span.statusMessage)
  for (const event of span.events) {
    leaves.push(event.name)
    collect(event.attributes, leaves)
  }
  return leaves.join('\n')
}

/** True when the quote stands literally in the span (or text), whitespace folded on both sides; an empty quote never does. */
export function isVerbatim(quote: string, source: Span | string): boolean {
  const wanted = foldWhitespace(quote)
  if (wanted === '') return false
  return foldWhitespace(typeof source === 'string' ? source : spanText(source)).includes(wanted)
}

/** Runs of white space become one space, none at either end. */
export function foldWhitespace(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

const inputAttributes = ['gen_ai.input.messages', 'gen_ai.prompt', 'input.value', 'traceloop.entity.input']
const outputAttributes = ['gen_ai.output.messages', 'gen_ai.completion', 'output.value', 'traceloop.entity.output']

/** A span's inputs; for spans of other OpenTelemetry libraries that MLflow has not translated, the attribute they use. */
export function spanInputs(span: Span): unknown {
  return span.inputs ?? firstAttribute(span, inputAttributes)
}

/** A span's outputs, found as `spanInputs` finds inputs. */
export function spanOutputs(span: Span): unknown {
  return span.outputs ?? firstAttribute(span, outputAttributes)
}

function firstAttribute(span: Span, names: readonly string[]): unknown {
  for (const name of names) if (span.attributes[name] != null) return span.attributes[name]
  return null
}

/** Iterative, so that JSON nested a hundred thousand levels deep cannot overflow the stack. */
function collect(value: unknown, into: string[]): void {
  const stack: unknown[] = [value]
  while (stack.length > 0) {
    const next = stack.pop()
    if (typeof next === 'string') {
      into.push(next)
      const inner = parseJsonText(next)
      if (inner !== undefined) stack.push(inner)
    } else if (Array.isArray(next)) {
      for (let i = next.length - 1; i >= 0; i--) stack.push(next[i])
    } else if (next !== null && typeof next === 'object') {
      const values = Object.values(next)
      for (let i = values.length - 1; i >= 0; i--) stack.push(values[i])
    }
  }
}
