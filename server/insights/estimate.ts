// What an Insight would take, before anything is spent: a sample of its traces is read, and no model is asked.
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { forEachConcurrent } from '#/pipeline/concurrency.ts'
import { AppError } from '#/pipeline/errors.ts'
import { type Estimate, type PastRun, toEstimate } from '#/pipeline/estimate/estimate.ts'
import type { SampledTrace } from '#/pipeline/estimate/forecast.ts'
import { sampleCalls } from '#/pipeline/estimate/sample-calls.ts'
import { samplingRank, sha256 } from '#/pipeline/ids.ts'
import type { InsightSpec } from '#/pipeline/insight.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import { type AnswerCache, toKeys } from '#/pipeline/model/answer-cache.ts'
import type { Complete, CompleteRequest } from '#/pipeline/model/complete.ts'
import type { Analyst, Cancellable } from '#/pipeline/ports.ts'
import type { Redact } from '#/pipeline/redact/redactor.ts'
import type { TraceInfo } from '#/pipeline/trace.ts'
import { routeEasy } from '#/pipeline/route-easy.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import type { Caller } from '#/server/api/caller.ts'
import { countTokensInThread } from '#/server/compute/compute.ts'
import type { Config } from '#/server/config.ts'
import type { Database } from '#/server/db/database.ts'
import { listPastRuns } from '#/server/db/past-runs.ts'
import type { InsightChoices } from '#/server/db/records.ts'
import { findPrice, toCostUsd } from '#/server/model/prices.ts'
import { encodingOf, usualThoughtTokens } from '#/server/model/tokens.ts'
import { chooseModels, toAsked } from './choices.ts'

/** Enough that the mean of what traces hold is off by some five percent. */
const sampleSize = 160
/** Reading ends here, with what has been read: the whole answer is due in two seconds. */
const readingMs = 1_000
const readAtOnce = 16
/** An estimate is asked for while somebody writes a question, and once more when they send it. */
const rememberedMs = 5 * 60_000
const mostRemembered = 200

export type EstimatorDeps = {
  database: Database
  model: Config['model']
  redact: Redact
  /** Answers from before, where they are kept. */
  cache: AnswerCache | undefined
  /** Calls that may be under way at once right now; it grows with use. */
  places: () => number
  now: () => number
}

type Asked = {
  spec: Pick<InsightSpec, 'experimentId' | 'instruction' | 'lens' | 'scope' | 'concurrency'>
  choices: InsightChoices
}

/** Throws `experiment.not_found`, `request.invalid` for a filter MLflow does not know, and `insight.no_traces`. */
export type EstimateInsight = (asked: Asked, caller: Caller, options: Cancellable) => Promise<Estimate>

export function createEstimator(deps: EstimatorDeps): EstimateInsight {
  const remembered = new Map<string, { estimate: Estimate; atMs: number }>()
  return async (asked, caller, options) => {
    const { experimentId, instruction, lens, scope, concurrency } = asked.spec
    await caller.getExperiment(experimentId, options.signal)
    // Every run that ends has taught something, and left answers behind.
    const past = await listPastRuns(deps.database.db)
    const taught = [past.length, past[0]?.seconds]
    const key = sha256(JSON.stringify([experimentId, instruction, lens, scope, concurrency, asked.choices, taught]))
    const known = remembered.get(key)
    if (known !== undefined && deps.now() - known.atMs < rememberedMs) return known.estimate
    const estimate = await estimateOnce(asked, { caller, past }, deps, options)
    const [oldest] = remembered.keys()
    if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest)
    remembered.set(key, { estimate, atMs: deps.now() })
    return estimate
  }
}

async function estimateOnce(
  { spec, choices }: Asked,
  { caller, past }: { caller: Caller; past: readonly PastRun[] },
  deps: EstimatorDeps,
  options: Cancellable,
): Promise<Estimate> {
  const chosen = chooseModels(choices, deps.model)
  const builtin = createBuiltinAnalyst()
  const toAnalyst = (complete: Complete): Analyst => {
    if (chosen === undefined) return builtin
    const analyst = createModelAnalyst({
      ports: { complete, embedTexts: askNothing },
      models: chosen,
      prompts: choices.prompts?.registered,
      fallback: builtin,
    })
    return choices.easyToBuiltin === true ? routeEasy(analyst, builtin) : analyst
  }
  const { models, prompts } = toAnalyst(askNothing)
  const isKept = async (request: CompleteRequest<unknown>): Promise<boolean> =>
    chosen !== undefined && (await deps.cache?.find(toKeys(request, toAsked(chosen)))) !== undefined
  // What no model reads costs no tokens, whatever it says: only the number of traces counts.
  const size = chosen === undefined ? 1 : sampleSize
  const { count, traces } = await findSample(spec, caller, { size, signal: options.signal })
  if (count === 0) throw new AppError('insight.no_traces', 'No trace matches. Loosen the filter.')
  const read =
    chosen === undefined
      ? { sample: [], texts: [] }
      : await readSample(traces, { spec, caller, toAnalyst, redact: deps.redact, isKept }, options)
  const { prices } = deps.model
  return toEstimate(
    {
      traces: count,
      sample: read.sample,
      charsPerToken: await findCharsPerToken(read.texts, models.summary, options),
      models,
      prompts,
      thoughtTokens: {
        thinking: chosen === undefined ? 0 : usualThoughtTokens(chosen.thinking, chosen.reasoningEffort),
        summary: chosen === undefined ? 0 : usualThoughtTokens(chosen.summary, 'low'),
      },
      concurrency: spec.concurrency,
      places: deps.places(),
      costOf: (model, tokens) => toCostUsd(model, { ...tokens, cachedTokens: 0 }, prices),
      isPriced: (model) => findPrice(model, prices) !== undefined,
    },
    past,
  )
}

async function askNothing(): Promise<never> {
  throw new Error('An estimate asks no model.')
}

/** How many traces the scope holds, and some of them. */
async function findSample(
  { experimentId, scope }: Asked['spec'],
  { client }: Caller,
  { size, signal }: Cancellable & { size: number },
): Promise<{ count: number; traces: TraceInfo[] }> {
  if ('traceIds' in scope) {
    const ids = [...new Set(scope.traceIds)]
    const ranked = ids.map((id) => ({ id, rank: samplingRank(0, id) })).sort((a, b) => a.rank - b.rank)
    const traceIds = ranked.slice(0, size).map(({ id }) => id)
    return { count: ids.length, traces: await client.getTraceInfos({ experimentId, traceIds }, { signal }) }
  }
  const wanted = scope.maxTraces ?? Number.MAX_SAFE_INTEGER
  const isNewest = (scope.sample ?? 'all') === 'all'
  const found = await client.sampleTraces(
    { experimentId, filter: scope.filter, size, ...(isNewest ? { atMost: wanted } : {}) },
    { signal },
  )
  return { count: Math.min(wanted, found.count), traces: found.traces }
}

/** The calls of as many traces as can be read in time, in an order that has nothing to do with their content. */
async function readSample(
  traces: readonly TraceInfo[],
  about: {
    spec: Asked['spec']
    caller: Caller
    toAnalyst: (complete: Complete) => Analyst
    redact: Redact
    isKept: (request: CompleteRequest<unknown>) => Promise<boolean>
  },
  { signal }: Cancellable,
): Promise<{ sample: SampledTrace[]; texts: string[] }> {
  const { instruction, lens } = about.spec
  const inTime = AbortSignal.timeout(readingMs)
  const known = createRepeatedText()
  const sample: SampledTrace[] = []
  const texts: string[] = []
  let chars = 0
  const onPrompt = (text: string): void => {
    if (chars < mostCountedChars) texts.push(text)
    chars += text.length
  }
  const shuffled = [...traces].sort((a, b) => samplingRank(0, a.traceId) - samplingRank(0, b.traceId))
  await forEachConcurrent(shuffled, { concurrency: readAtOnce, signal }, async (info) => {
    if (inTime.aborted && sample.length > 0) return
    try {
      const { trace } = about.redact(await about.caller.client.readTrace(info, { signal }))
      const transcript = toTranscript(trace, { known })
      sample.push(
        await sampleCalls({ instruction, lens, transcript }, about.toAnalyst, {
          signal,
          onPrompt,
          isKept: about.isKept,
        }),
      )
    } catch (error) {
      // A trace that is empty or cannot be read costs nothing.
      const isNothing =
        error instanceof AppError && ['trace.empty', 'trace.unreadable', 'trace.not_found'].includes(error.code)
      if (signal.aborted || !isNothing) throw error
      sample.push({ calls: [], isEmpty: true })
    }
  })
  return { sample, texts }
}

/** Text enough to tell how many characters a token holds. */
const mostCountedChars = 160_000
const usualCharsPerToken = 4

async function findCharsPerToken(texts: readonly string[], model: string, options: Cancellable): Promise<number> {
  const chars = texts.reduce((sum, text) => sum + text.length, 0)
  if (chars === 0) return usualCharsPerToken
  return chars / Math.max(1, await countTokensInThread(texts, encodingOf(model), options))
}
