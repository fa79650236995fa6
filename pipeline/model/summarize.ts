// One trace under the question: in one call where it fits, else part by part and then from the notes.
import type { z } from 'zod'
import { forEachConcurrent } from '../concurrency.ts'
import { AppError } from '../errors.ts'
import { addUsage, type Evidence, noUsage, type Summary } from '../insight.ts'
import { type Facet, fitFacets, type Lens } from '../lens.ts'
import type { Cancellable } from '../ports.ts'
import { chunkTurns } from '../transcript/chunk-turns.ts'
import { renderTurns } from '../transcript/render-turns.ts'
import type { Transcript, Turn } from '../transcript/transcript.ts'
import { CombinedAnswer, PartAnswer, SummaryAnswer, withFacets } from './answers.ts'
import { type Complete, ModelCallError, withUsage } from './complete.ts'
import { type DataBlock, toUserMessage } from './fence.ts'
import { foldIdentifiers } from './fold-identifiers.ts'
import { facetBlocks, questionBlocks } from './lens-blocks.ts'
import { combinePrompt } from './prompts/combine.ts'
import type { Prompt } from './prompts/prompt.ts'
import { summarizePartPrompt } from './prompts/summarize-part.ts'
import { summarizePrompt } from './prompts/summarize.ts'
import { type Claim, maxQuotes, verifyQuotes } from './quotes.ts'
import { tidyLanguage, tidyText, tidyTitle } from './tidy-text.ts'
import { estimateTokens, tokensToChars, toTimeoutMs } from './tokens.ts'

/** Below this a model's window is of no use for traces; it is where making parts smaller ends. */
const leastInputTokens = 1_000
/** Parts of one trace read at once: a huge trace must not take every place from the others. */
const partConcurrency = 3
const summaryTokens = 900
const partTokens = 600
const facetTokens = 40
/** What the rules of prompt and message take, besides the text. */
const overheadTokens = 900

export type SummarizeContext = { complete: Complete; maxInputTokens: number; model: string }

/**
 * The summary of a trace. A trace that the model finds too long, whatever we estimated, is read again in parts half the
 * size. Throws `trace.empty` when nothing is said, and `model.*` errors.
 */
export async function summarizeTranscript(
  input: { instruction: string; lens?: Lens | undefined; transcript: Transcript },
  context: SummarizeContext,
  options: Cancellable,
): Promise<Summary> {
  const { transcript, lens } = input
  const facets = lens?.facets ?? []
  const question = [...questionBlocks(input.instruction, lens), ...facetBlocks(facets)]
  const questionTokens = estimateTokens(question.map(({ text }) => text).join('\n'))
  if (transcript.turns.every(({ kind, text }) => kind === 'system' || text.trim() === '')) {
    throw new AppError('trace.empty', `Trace ${transcript.traceId} has no text to summarize.`)
  }
  let usage = noUsage
  const ask: Ask = async (prompt, blocks, call) => {
    const user = toUserMessage([...question, ...blocks], call.task)
    const request = {
      kind: prompt.name,
      prompt: { system: prompt.text, user },
      schema: call.schema,
      schemaName: prompt.name,
      maxOutputTokens: call.maxOutputTokens,
      alike: foldIdentifiers(JSON.stringify([...question, call.task, ...blocks])),
      model: 'summary' as const,
      timeoutMs: toTimeoutMs({
        inputTokens: estimateTokens(prompt.text) + estimateTokens(user),
        outputTokens: call.maxOutputTokens,
      }),
    }
    try {
      const answer = await context.complete(request, options)
      usage = addUsage(usage, answer.usage)
      return answer.value
    } catch (error) {
      if (error instanceof ModelCallError) usage = addUsage(usage, error.usage)
      throw error
    }
  }
  for (let maxInputTokens = context.maxInputTokens; ; maxInputTokens = Math.floor(maxInputTokens / 2)) {
    const room = maxInputTokens - overheadTokens - questionTokens
    const maxChars = tokensToChars(Math.max(leastInputTokens / 2, room))
    try {
      const summary = await summarizeWithin(transcript, { maxChars, facets }, ask, options)
      return { ...summary, readShare: transcript.readShare, usage, model: context.model }
    } catch (error) {
      const isTooLong = error instanceof AppError && error.code === 'model.too_long'
      if (!isTooLong || maxInputTokens / 2 < leastInputTokens) throw withUsage(error, usage)
    }
  }
}

type Ask = <T>(
  prompt: Prompt,
  blocks: readonly DataBlock[],
  call: { task: string; schema: z.ZodType<T>; maxOutputTokens: number },
) => Promise<T>
type Words = Omit<Summary, 'readShare' | 'usage' | 'model'>
type Size = { facts: string; maxChars: number; facets: readonly Facet[] }

async function summarizeWithin(
  transcript: Transcript,
  { maxChars, facets }: { maxChars: number; facets: readonly Facet[] },
  ask: Ask,
  options: Cancellable,
): Promise<Words> {
  const facts = toFacts(transcript)
  // System prompts and tool schemas are shown by their first words only, so they are not paid for with every trace.
  // (Leaving out what other traces had before would make a prompt depend on the order of reading.)
  const rendered = renderTurns(transcript.turns)
  if (facts.length + rendered.length > maxChars) {
    return summarizeInParts(transcript, { facts, maxChars, facets }, ask, options)
  }
  const answer = await ask(summarizePrompt, [...factBlocks(facts), { label: 'trace', text: rendered }], {
    task: 'Summarize this trace under the question.',
    schema: withFacets(SummaryAnswer, facets),
    maxOutputTokens: summaryTokens + facets.length * facetTokens,
  })
  return { ...toWords(answer, facets), ...toEvidence(answer.quotes, transcript.turns) }
}

type Notes = { notes: string; language: string; evidence: Omit<Evidence, 'traceId'>[]; droppedQuotes: number }

async function summarizeInParts(
  transcript: Transcript,
  { facts, maxChars, facets }: Size,
  ask: Ask,
  options: Cancellable,
): Promise<Words> {
  const chunks = chunkTurns(transcript, { maxChars })
  const notes: Notes[] = []
  await forEachConcurrent(
    chunks.entries(),
    { concurrency: partConcurrency, signal: options.signal },
    async ([index, chunk]) => {
      notes[index] = await takeNotes(chunk, { index, count: chunks.length }, ask)
    },
  )
  return combine(notes, { facts, maxChars, facets }, ask)
}

async function takeNotes(chunk: readonly Turn[], part: { index: number; count: number }, ask: Ask): Promise<Notes> {
  const label = `part ${part.index + 1} of ${part.count}`
  const answer = await ask(summarizePartPrompt, [{ label: 'trace', text: renderTurns(chunk) }], {
    task: `This is ${label} of the trace. Take notes under the question.`,
    schema: PartAnswer,
    maxOutputTokens: partTokens,
  })
  return {
    notes: `Part ${part.index + 1}: ${tidyText(answer.notes, 1_600)}`,
    language: answer.language,
    ...toEvidence(answer.quotes, chunk),
  }
}

/** From the notes of all parts; where even these are too long, neighbours are first combined among themselves. */
async function combine(parts: readonly Notes[], { facts, maxChars, facets }: Size, ask: Ask): Promise<Words> {
  const groups = groupWithin(parts, maxChars - facts.length)
  if (groups.length > 1 && groups.length < parts.length) {
    const shorter: Notes[] = []
    for (const [index, group] of groups.entries()) {
      const words = await combine(group, { facts: '', maxChars, facets: [] }, ask)
      const notes = `Stretch ${index + 1}: ${words.text} Outcome so far: ${words.outcome}.`
      const droppedQuotes = words.droppedQuotes ?? 0
      shorter.push({ notes, language: words.language, evidence: words.evidence, droppedQuotes })
    }
    return combine(shorter, { facts, maxChars, facets }, ask)
  }
  const quotes = parts.flatMap(({ evidence }) => evidence)
  const blocks = [
    ...factBlocks(facts),
    { label: 'notes', text: parts.map(({ notes }) => notes).join('\n') },
    { label: 'quotes', text: quotes.map(({ quote }, index) => `${index + 1}. ${quote}`).join('\n') },
  ]
  const answer = await ask(combinePrompt, blocks, {
    task: 'Summarize the whole trace under the question.',
    schema: withFacets(CombinedAnswer, facets),
    maxOutputTokens: summaryTokens + facets.length * facetTokens,
  })
  const chosen = [...new Set(answer.quotes)].flatMap((number) => quotes[number - 1] ?? [])
  const language = tidyLanguage(answer.language)
  return {
    ...toWords(answer, facets),
    language: language === 'und' ? mostFrequent(parts.map((part) => tidyLanguage(part.language))) : language,
    evidence: (chosen.length > 0 ? chosen : quotes).slice(0, maxQuotes),
    droppedQuotes: parts.reduce((sum, part) => sum + part.droppedQuotes, 0),
  }
}

function groupWithin(parts: readonly Notes[], maxChars: number): Notes[][] {
  const groups: Notes[][] = []
  let used = Infinity
  for (const part of parts) {
    const length = part.notes.length + part.evidence.reduce((sum, { quote }) => sum + quote.length + 8, 0) + 8
    if (used + length > maxChars) {
      groups.push([])
      used = 0
    }
    groups.at(-1)?.push(part)
    used += length
  }
  return groups
}

function toWords(
  answer: (z.infer<typeof SummaryAnswer> | z.infer<typeof CombinedAnswer>) & { facets?: Record<string, unknown> },
  facets: readonly Facet[],
): Omit<Words, 'evidence'> {
  const text = tidyText(answer.summary, 1_200)
  return {
    title: tidyTitle(answer.title),
    text,
    groupingText: tidyText(answer.grouping_text, 600) || text,
    outcome: answer.outcome,
    language: tidyLanguage(answer.language),
    ...(facets.length === 0 ? {} : { facets: fitFacets(facets, answer.facets ?? {}) }),
  }
}

/** Those of the quotes that stand in the turns, and how many of the first few do not. */
function toEvidence(claims: readonly Claim[], shown: readonly Turn[]): Pick<Notes, 'evidence' | 'droppedQuotes'> {
  const evidence = verifyQuotes(claims, shown)
  return { evidence, droppedQuotes: Math.max(0, Math.min(claims.length, maxQuotes) - evidence.length) }
}

/** What is known of the trace besides its turns, one fact a line; JSON keeps each on its line. */
function toFacts({ state, errorMessage, feedback, readShare }: Transcript): string {
  const lines = state === 'ERROR' ? ['The trace ended with the state ERROR.'] : []
  if (errorMessage !== undefined) lines.push(`Error: ${JSON.stringify(tidyText(errorMessage, 500))}`)
  for (const { name, value, comment } of feedback ?? []) {
    const said = comment === undefined ? '' : `, with the comment ${JSON.stringify(tidyText(comment, 300))}`
    lines.push(`Feedback ${JSON.stringify(tidyText(name, 80))}: ${tidyText(JSON.stringify(value) ?? '', 200)}${said}`)
  }
  if (readShare < 0.995) lines.push(`Only ${Math.round(readShare * 100)} % of the trace could be read.`)
  return lines.slice(0, 20).join('\n')
}

function factBlocks(facts: string): DataBlock[] {
  return facts === '' ? [] : [{ label: 'facts', text: facts }]
}

function mostFrequent(tags: readonly string[]): string {
  const counts = Map.groupBy(
    tags.filter((tag) => tag !== 'und'),
    (tag) => tag,
  )
  return [...counts].sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 'und'
}
