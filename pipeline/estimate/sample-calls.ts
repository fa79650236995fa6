// The calls a trace would take, found by making all of them but the sending: whatever is changed in the prompts, in how
// long traces are cut or what is masked, is in the estimate at once.
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { noUsage } from '../insight.ts'
import { fitFacets, type Lens } from '../lens.ts'
import type { Complete, CompleteRequest } from '../model/complete.ts'
import type { Analyst } from '../ports.ts'
import type { Transcript } from '../transcript/transcript.ts'
import type { SampledTrace } from './forecast.ts'

/** Fits every shape that a trace is answered in; a schema takes the fields it knows. */
const usualAnswer = {
  title: 'What the user asked for',
  summary: 'The user asked for something, the assistant looked it up and answered. '.repeat(3),
  grouping_text: 'The user asked for something and the assistant answered.',
  notes: 'The user asked for something, the assistant looked it up and answered. '.repeat(7),
  outcome: 'resolved',
  language: 'en',
  quotes: [],
}

/**
 * The calls of one trace; none for one that says nothing, or is not read by a model. `toAnalyst` makes the analyst over a model that writes down
 * what it is asked and answers with words of the usual length. `onPrompt` is shown each prompt; `isKept` knows
 * the calls whose answer is there already.
 */
export async function sampleCalls(
  input: { instruction: string; lens?: Lens | undefined; transcript: Transcript },
  toAnalyst: (complete: Complete) => Pick<Analyst, 'summarize'>,
  options: {
    signal: AbortSignal
    onPrompt: (text: string) => void
    isKept: (request: CompleteRequest<unknown>) => Promise<boolean>
  },
): Promise<SampledTrace> {
  const calls: SampledTrace['calls'][number][] = []
  const noFacets = fitFacets(input.lens?.facets ?? [], {})
  const analyst = toAnalyst(async (request) => {
    const { kind, prompt, schema } = request
    const dataChars = prompt.user.length
    calls.push({
      kind,
      chars: prompt.system.length + dataChars + schemaChars(schema),
      dataChars,
      isKept: await options.isKept(request),
    })
    options.onPrompt(prompt.user)
    return { value: schema.parse({ ...usualAnswer, facets: noFacets }), usage: noUsage }
  })
  try {
    await analyst.summarize(input, { signal: options.signal })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'trace.empty') throw error
    return { calls: [], isEmpty: true }
  }
  return { calls }
}

const knownSchemas = new WeakMap<z.ZodType, number>()

/** Servers count the shape of the answer as part of the prompt. */
function schemaChars(schema: z.ZodType): number {
  const chars = knownSchemas.get(schema) ?? JSON.stringify(z.toJSONSchema(schema)).length
  knownSchemas.set(schema, chars)
  return chars
}
