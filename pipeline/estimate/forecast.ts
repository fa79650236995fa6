// What a run will take by what is known before any has ended: the prompts of a sample, and rules of thumb for the rest.
// Rules of thumb need not be right: `learn.ts` corrects them by what earlier runs really took.
import type { CallKind } from '../model/call-kind.ts'
import { addAmounts, type Amounts, noAmounts, type StageAmounts, sum } from './amounts.ts'
import { promptChars, type PromptName } from './prompt-chars.ts'

/**
 * The calls one trace would take; none for one that the built-in analyst reads. `dataChars` of the prompt are the trace's
 * own; `isKept`: the answer is there from before, and costs nothing. `isEmpty`: it says nothing, and is in no group.
 */
export type SampledTrace = {
  calls: readonly { kind: CallKind; chars: number; dataChars: number; isKept?: boolean }[]
  isEmpty?: boolean
}

export type ForecastInput = {
  traces: number
  sample: readonly SampledTrace[]
  /** What a token of these prompts holds, as counted by a tokenizer. */
  charsPerToken: number
  /** `builtin` for what no model does. */
  models: { thinking: string; summary: string; embedding: string }
  prompts: readonly { name: string; text: string }[]
  /** Tokens a model usually thinks before it answers; they count as output. */
  thoughtTokens: { thinking: number; summary: number }
  /** Calls at once: at most, and those it begins with. */
  concurrency: number
  places: number
  costOf: (model: string, tokens: { inputTokens: number; outputTokens: number }) => number
}

/** Four characters a token, whatever the text: near for most vocabularies, exact for none. */
export const plainCharsPerToken = 4

const namesAtOnce = 8
const textsPerEmbedding = 256
const nameTokens = 60
/** Where there are upper levels, the groups at their borders are looked at again: 7 of 32 up to 12 of 15 over four sets. */
const borderShare = 0.4
/** Upper groups that one of those is offered. */
const offered = 5
/** Upper groups named anew because they got other children. */
const renamedShare = 0.3
/** A number, or some. */
const choiceTokens = 20
const builtinSeconds = 0.01
/** Of the draft and of its check, on average. */
const overviewTokens = 200

/** A summary with its quotes: longer where there is more to tell, and never long. */
const summaryTokens = (dataChars: number): number => 100 + Math.min(150, dataChars * 0.011)
/** The part of a summary that is embedded. */
const groupingChars = (dataChars: number): number => 50 + Math.min(400, dataChars * 0.03)
/** As fast as a hosted model begins, reads and writes. */
const callSeconds = (inputTokens: number, outputTokens: number): number =>
  0.7 + inputTokens / 10_000 + outputTokens / 150

/**
 * Leaves that so many traces end in: between 0.5 √n and 1.7 √n over four labelled sets of 30 to 3,000 texts, and
 * nowhere more than two fifths from this curve.
 */
export function expectedLeaves(traces: number): number {
  return Math.max(1, Math.min(1_000, 0.3 * traces ** 0.68))
}

/** What each stage will take, uncorrected. */
export function forecastStages(input: ForecastInput): StageAmounts[] {
  const { models } = input
  const read = input.sample.filter(({ isEmpty }) => isEmpty !== true)
  const traces = input.traces * (input.sample.length === 0 ? 1 : read.length / input.sample.length)
  const leaves = expectedLeaves(traces)
  // Some end in one level only: surely those of ten leaves, and none of twenty.
  const hasLevels = Math.min(1, Math.max(0, (leaves - 10) / 10))
  const parents = leaves * 0.15 * hasLevels
  const nodes = leaves + parents
  const dataChars = mean(read.map(({ calls }) => sum(calls.map((call) => call.dataChars))))
  const lineChars = Math.min(400, 1.2 * summaryTokens(dataChars))

  const summaries = read.flatMap(({ calls }) =>
    calls
      .filter(({ isKept }) => isKept !== true)
      .map(({ chars, dataChars: own }) => ({ calls: traces / read.length, chars, answer: summaryTokens(own) })),
  )
  const embeddings = Math.ceil(traces / textsPerEmbedding)
  const routed = read.length === 0 ? 0 : (traces * read.filter(({ calls }) => calls.length === 0).length) / read.length
  const names = [
    { name: 'name_leaf', calls: leaves, lines: Math.min(30, traces / leaves) + 15, answer: nameTokens },
    { name: 'name_parent', calls: parents, lines: 13, answer: nameTokens },
    { name: 'same_groups', calls: hasLevels, lines: parents, answer: choiceTokens },
    { name: 'place_group', calls: leaves * borderShare * hasLevels, lines: 1 + offered, answer: choiceTokens },
    { name: 'name_parent', calls: parents * renamedShare, lines: 14, answer: nameTokens },
  ] as const
  const prompt = (name: PromptName, lines: number, chars: number): number =>
    promptChars(name, { prompts: input.prompts, lines, lineChars: chars })

  const own = (seconds: number): Amounts => ({ ...noAmounts, seconds })
  const by = (model: string, ownSeconds: number, calls: readonly Called[], atOnce: number): Amounts =>
    model === 'builtin' ? own(ownSeconds) : toAmounts(model, calls, atOnce, input)
  const thinking = input.thoughtTokens.thinking
  // One kind after the other, for each is made of the answers to the one before.
  const naming = names.map(({ name, calls, lines, answer }) =>
    by(models.thinking, 0, [{ calls, chars: prompt(name, lines, lineChars), answer: answer + thinking }], namesAtOnce),
  )
  const summarizing = by(
    models.summary,
    input.traces * builtinSeconds,
    summaries.map((call) => ({ ...call, answer: call.answer + input.thoughtTokens.summary })),
    input.concurrency,
  )
  return [
    { stage: 'load', model: '', amounts: own(0.3 + input.traces * 0.001) },
    {
      stage: 'summarize',
      model: models.summary,
      amounts: { ...summarizing, seconds: summarizing.seconds + routed * builtinSeconds },
    },
    {
      stage: 'embed',
      model: models.embedding,
      amounts: by(
        models.embedding,
        0.3 + traces * 0.0015,
        [{ calls: embeddings, chars: (traces * groupingChars(dataChars)) / Math.max(1, embeddings), answer: 0 }],
        4,
      ),
    },
    { stage: 'cluster', model: '', amounts: own(0.3 + traces * 0.001) },
    {
      stage: 'name',
      model: models.thinking,
      amounts: models.thinking === 'builtin' ? own(0.1 + nodes * 0.005) : naming.reduce(addAmounts),
    },
    {
      stage: 'overview',
      model: models.thinking,
      amounts: by(
        models.thinking,
        0.1,
        [
          {
            calls: 2,
            chars: prompt('overview', Math.min(60, nodes), lineChars * 1.5),
            answer: overviewTokens + thinking,
          },
        ],
        1,
      ),
    },
    { stage: 'publish', model: '', amounts: own(0.3 + traces * 0.012) },
  ]
}

/** So many calls of a kind; `chars` of one prompt, `answer` in tokens. */
type Called = { calls: number; chars: number; answer: number }

function toAmounts(model: string, kinds: readonly Called[], atOnce: number, input: ForecastInput): Amounts {
  const calls = sum(kinds.map((kind) => kind.calls))
  const chars = sum(kinds.map((kind) => kind.calls * kind.chars))
  const outputTokens = sum(kinds.map((kind) => kind.calls * kind.answer))
  const inputTokens = chars / input.charsPerToken
  const busySeconds = sum(kinds.map((kind) => kind.calls * callSeconds(kind.chars / input.charsPerToken, kind.answer)))
  return {
    calls,
    inputTokens,
    plainInputTokens: chars / plainCharsPerToken,
    outputTokens,
    costUsd: input.costOf(model, { inputTokens, outputTokens }),
    seconds: calls === 0 ? 0 : (busySeconds / calls) * roundsOf(calls, { start: input.places, most: atOnce }),
  }
}

/**
 * How many calls one after the other so many calls take: each that goes well makes room for one more until the most are
 * under way, so that a round is twice the one before. Half a round goes by until the last ones have ended.
 */
export function roundsOf(calls: number, { start, most }: { start: number; most: number }): number {
  let places = Math.max(1, Math.min(start, most))
  let rounds = 0
  let left = calls
  while (left > places && places < most) {
    left -= places
    rounds++
    places = Math.min(most, 2 * places)
  }
  if (left <= places) return rounds + Math.min(1, left)
  return rounds + left / places + 0.5
}

/** How far the sample's mean may be off from the mean of all, as a share: its standard error. */
export function samplingError(sample: readonly SampledTrace[], traces: number): number {
  if (sample.length === 0 || sample.length >= traces) return 0
  const sizes = sample.map(({ calls }) => sum(calls.map(({ chars }) => chars)))
  const average = mean(sizes)
  if (sizes.length < 2 || average === 0) return 0.5
  const variance = sum(sizes.map((size) => (size - average) ** 2)) / (sizes.length - 1)
  return (Math.sqrt(variance / sizes.length) / average) * Math.sqrt(1 - sizes.length / traces)
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length
}
