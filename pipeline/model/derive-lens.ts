// The lens as a model reads the question; by rules where it cannot.
import { noUsage } from '../insight.ts'
import type { Lens } from '../lens.ts'
import type { Analyst, Cancellable } from '../ports.ts'
import { LensAnswer } from './answers.ts'
import { type Complete, ModelCallError } from './complete.ts'
import { toUserMessage } from './fence.ts'
import { mayFallBack } from './name-clusters.ts'
import { lensPrompt } from './prompts/lens.ts'
import { tidyText } from './tidy-text.ts'
import { estimateTokens, toTimeoutMs } from './tokens.ts'

const lensTokens = 700
const mostFacets = 4

export async function deriveLens(
  instruction: string,
  context: { complete: Complete; fallback: Pick<Analyst, 'deriveLens'>; model: string },
  options: Cancellable,
): ReturnType<Analyst['deriveLens']> {
  const user = toUserMessage([{ label: 'question', text: instruction }], 'Spell out how this question is to be read.')
  const tokens = { inputTokens: estimateTokens(lensPrompt.text) + estimateTokens(user), outputTokens: lensTokens }
  try {
    const { value, usage } = await context.complete(
      {
        kind: 'lens',
        prompt: { system: lensPrompt.text, user },
        schema: LensAnswer,
        schemaName: lensPrompt.name,
        maxOutputTokens: lensTokens,
        model: 'thinking',
        timeoutMs: toTimeoutMs(tokens),
      },
      options,
    )
    return { lens: toLens(value), by: context.model, usage }
  } catch (error) {
    if (!mayFallBack(error, options.signal)) throw error
    const plain = await context.fallback.deriveLens(instruction, options)
    return { ...plain, usage: error instanceof ModelCallError ? error.usage : noUsage }
  }
}

/** What the model says, as far as it is a lens: names that can be columns, each once, and choices that are some. */
function toLens({ extract, alike, ignore, facets }: ReturnType<typeof LensAnswer.parse>): Lens {
  const named = facets.flatMap(({ name, type, description, values }) => {
    const column = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^[_0-9]+|_+$/g, '')
      .slice(0, 40)
    const choices = [...new Set(values.map((value) => tidyText(value, 80)).filter((value) => value !== ''))].slice(
      0,
      30,
    )
    const isChoice = type === 'category' && choices.length >= 2
    const about = tidyText(description, 500)
    return column === '' || about === ''
      ? []
      : [{ name: column, type, description: about, ...(isChoice ? { values: choices } : {}) }]
  })
  const once = named.filter(({ name }, at) => named.findIndex((other) => other.name === name) === at)
  return {
    extract: tidyText(extract, 2_000),
    alike: tidyText(alike, 2_000),
    ignore: tidyText(ignore, 2_000),
    facets: once.slice(0, mostFacets),
  }
}
