// The analyst that asks a model; the built-in one stands behind it where a call fails for good.
import type { Analyst } from '../ports.ts'
import type { Complete, EmbedTexts } from './complete.ts'
import { deriveLens } from './derive-lens.ts'
import { embedAll } from './embed.ts'
import { nameAll } from './name-clusters.ts'
import { writeCheckedOverview } from './overview.ts'
import { combinePrompt } from './prompts/combine.ts'
import { lensPrompt } from './prompts/lens.ts'
import { nameLeafPrompt } from './prompts/name-leaf.ts'
import { nameParentPrompt } from './prompts/name-parent.ts'
import { placeGroupPrompt } from './prompts/place-group.ts'
import { sameGroupsPrompt } from './prompts/same-groups.ts'
import { overviewCheckPrompt } from './prompts/overview-check.ts'
import { overviewPrompt } from './prompts/overview.ts'
import { type Prompt, toPromptRecord } from './prompts/prompt.ts'
import { summarizePartPrompt } from './prompts/summarize-part.ts'
import { summarizePrompt } from './prompts/summarize.ts'
import { summarizeTranscript } from './summarize.ts'

/** Every prompt there is, in the order of their use; those that come with the program. */
export const prompts: readonly Prompt[] = [
  lensPrompt,
  summarizePrompt,
  summarizePartPrompt,
  combinePrompt,
  nameLeafPrompt,
  nameParentPrompt,
  sameGroupsPrompt,
  placeGroupPrompt,
  overviewPrompt,
  overviewCheckPrompt,
]

export type ModelAnalystOptions = {
  ports: { complete: Complete; embedTexts: EmbedTexts }
  /** `embedding` is a model's name, or `builtin` for the fallback's own embedding. */
  models: { thinking: string; summary: string; embedding: string; reasoningEffort: string }
  /** Used in place of those of the same name that come with the program. */
  prompts?: readonly Prompt[] | undefined
  /** Gives names and overview where the model fails, and the embedding where none is asked for. */
  fallback: Analyst
  /** Tokens of one prompt; longer traces are read in parts. */
  maxInputTokens?: number
  /** Calls at once for names and embeddings; how many traces are summarized at once is up to the caller. */
  concurrency?: number
}

/**
 * An analyst over two functions, without I/O of its own. What it says of a trace is checked: quotes are literal, names
 * are unique, numbers in the overview were counted.
 */
export function createModelAnalyst({
  ports,
  models,
  prompts: others = [],
  fallback,
  maxInputTokens = 24_000,
  concurrency = 8,
}: ModelAnalystOptions): Analyst {
  const { thinking, summary, embedding, reasoningEffort } = models
  const complete = speakWith(others, ports.complete)
  return {
    models: { thinking, summary, embedding, reasoningEffort },
    prompts: prompts.map((own) => toPromptRecord(others.find(({ name }) => name === own.name) ?? own)),
    deriveLens: (instruction, options) => deriveLens(instruction, { complete, fallback, model: thinking }, options),
    summarize: (input, options) => summarizeTranscript(input, { complete, maxInputTokens, model: summary }, options),
    embed: (texts, options) =>
      embedding === 'builtin'
        ? fallback.embed(texts, options)
        : embedAll(texts, ports.embedTexts, { ...options, concurrency: Math.min(concurrency, 4) }),
    nameClusters: (input, options) => nameAll(input, { complete, fallback, concurrency }, options),
    writeOverview: (input, options) => writeCheckedOverview(input, { complete, fallback, model: thinking }, options),
  }
}

/** Every call names its prompt by its kind, so that another text can stand in for it here, before the answer is looked up. */
function speakWith(others: readonly Prompt[], complete: Complete): Complete {
  const texts = new Map(others.map(({ name, text }) => [name, text]))
  return (request, options) => {
    const system = texts.get(request.kind)
    return complete(system === undefined ? request : { ...request, prompt: { ...request.prompt, system } }, options)
  }
}
