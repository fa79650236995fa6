// The lens a question comes down to, by rules: where nobody asks a model, and where its answer cannot be used.
import type { Facet, Lens as QuestionLens } from '../lens.ts'
import { toLens, type LensKind } from './lens.ts'

/** What to take from each trace, what makes two alike, what to leave aside, and facets that fit the question. */
export function deriveLens(instruction: string): QuestionLens {
  const { kind } = toLens(instruction)
  const { alike, ignore, facets } = byKind[kind]
  return { extract: instruction.replace(/\s+/g, ' ').trim().slice(0, 1_000), alike, ignore, facets }
}

const turns: Facet = { name: 'turns', type: 'number', description: 'How many times the user spoke.' }
const handedOver: Facet = { name: 'handed_over', type: 'boolean', description: 'It was handed over to a person.' }
const toolFailed: Facet = { name: 'tool_failed', type: 'boolean', description: 'A tool call failed.' }
const outcome: Facet = {
  name: 'outcome',
  type: 'category',
  description: 'How it ended.',
  values: ['resolved', 'unresolved', 'handed_off', 'error', 'unclear'],
}

const ignore = 'Greetings, names, numbers and identifiers.'
const byKind: Record<LensKind, Omit<QuestionLens, 'extract'>> = {
  requests: { alike: 'What the user asks for.', ignore: `${ignore} How it ended.`, facets: [turns, handedOver] },
  failures: {
    alike: 'What went wrong, and why.',
    ignore: `${ignore} What was asked for, where it has nothing to do with the failure.`,
    facets: [toolFailed, handedOver, outcome],
  },
  outcomes: { alike: 'How it ended.', ignore, facets: [outcome, handedOver, turns] },
  tools: { alike: 'Which tools were used, and for what.', ignore, facets: [toolFailed, turns] },
  terms: { alike: 'What is said about the words of the question.', ignore, facets: [turns] },
}
