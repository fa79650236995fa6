// How fast a job goes and when it will be done, as a range that is meant to hold.
import { type Stage, stages } from './insight.ts'

/** A length of time that is not known exactly. */
export type Range = { lowS: number; highS: number }

/** The speed of the stage under way, the seconds it still takes, and the range for the whole job. */
export type Pace = { ratePerS?: number; stageS?: number; job?: Range }

/** How long a stage will take for so many traces; `undefined` where nobody can say. */
export type PredictStage = (stage: Stage, traces: number) => Range | undefined

export type PaceKeeper = {
  enter: (stage: Stage, total: number, atMs: number) => void
  observe: (progress: { done: number; total: number }, atMs: number) => void
  at: (atMs: number) => Pace
}

/** The speed now is that of the newest part of the stage: concurrency grows, and limits come and go. */
const windowMs = 20_000
const windowShare = 0.5
const sampleEveryMs = 200
const blocks = 8
/** Below this there is nothing to judge by. */
const leastMs = 1_000
/** A speed is never known better than this, and never worse. */
const leastError = 0.1
const mostError = 0.6

type Sample = { done: number; atMs: number }

/**
 * Watches a job's progress. The rest of the stage under way is extrapolated from the speed of its newest part, with an error
 * that follows from how much that speed varies from block to block; the stages to come are what `predict` says of them.
 */
export function createPaceKeeper(predict: PredictStage): PaceKeeper {
  let stage: Stage | undefined
  let traces: number | undefined
  let total = 0
  let enteredMs = 0
  let samples: Sample[] = []

  const observe: PaceKeeper['observe'] = (progress, atMs) => {
    total = progress.total
    const last = samples.at(-1)
    if (last !== undefined && samples.length > 1 && atMs - (samples.at(-2)?.atMs ?? 0) < sampleEveryMs) samples.pop()
    samples.push({ done: progress.done, atMs })
    const oldest = atMs - Math.max(windowMs, (atMs - enteredMs) * windowShare)
    while (samples.length > 2 && (samples[1]?.atMs ?? atMs) <= oldest) samples.shift()
  }

  /** What is left of the stage under way. */
  const left = (atMs: number): { ratePerS?: number; stageS?: number; range?: Range } => {
    const first = samples[0]
    const last = samples.at(-1)
    if (first !== undefined && last !== undefined && atMs - first.atMs >= leastMs && last.done > first.done) {
      const ratePerS = ((last.done - first.done) / (atMs - first.atMs)) * 1000
      const stageS = (total - last.done) / ratePerS
      const error = toError(samples, atMs)
      return { ratePerS, stageS, range: { lowS: stageS / (1 + error), highS: stageS / (1 - error) } }
    }
    const predicted = stage === undefined || traces === undefined ? undefined : predict(stage, traces)
    if (predicted === undefined) return {}
    const spentS = (atMs - enteredMs) / 1000
    const range = { lowS: Math.max(0, predicted.lowS - spentS), highS: Math.max(0, predicted.highS - spentS) }
    return { range }
  }

  return {
    enter: (next, count, atMs) => {
      stage = next
      total = count
      enteredMs = atMs
      samples = []
      // Every later stage is about what was summarized, and that is close to what was selected.
      if (next === 'summarize') traces = count
    },
    observe,
    at: (atMs) => {
      const { ratePerS, stageS, range } = left(atMs)
      const job = addLater(range, stage, traces, predict)
      return {
        ...(ratePerS === undefined ? {} : { ratePerS }),
        ...(stageS === undefined ? {} : { stageS }),
        ...(job === undefined ? {} : { job }),
      }
    },
  }
}

function addLater(
  now: Range | undefined,
  stage: Stage | undefined,
  traces: number | undefined,
  predict: PredictStage,
): Range | undefined {
  if (now === undefined || stage === undefined || traces === undefined) return undefined
  let { lowS, highS } = now
  for (const later of stages.slice(stages.indexOf(stage) + 1)) {
    const predicted = predict(later, traces)
    if (predicted === undefined) return undefined
    lowS += predicted.lowS
    highS += predicted.highS
  }
  return { lowS, highS }
}

/** How far the speed may be off: the spread of the speeds of equal parts of the window, as it bears on their mean. */
function toError(samples: readonly Sample[], atMs: number): number {
  const first = samples[0]
  if (first === undefined) return mostError
  const lengthMs = (atMs - first.atMs) / blocks
  const doneAt = (time: number): number => samples.findLast((sample) => sample.atMs <= time)?.done ?? first.done
  const speeds = Array.from(
    { length: blocks },
    (_, block) => doneAt(first.atMs + (block + 1) * lengthMs) - doneAt(first.atMs + block * lengthMs),
  )
  const mean = speeds.reduce((sum, speed) => sum + speed, 0) / blocks
  if (mean <= 0) return mostError
  const variance = speeds.reduce((sum, speed) => sum + (speed - mean) ** 2, 0) / (blocks - 1)
  // Neighbouring blocks are alike (the same limit, the same load), so the blocks count for about half their number.
  const error = (2 * Math.sqrt(variance)) / mean / Math.sqrt(blocks / 2)
  const isYoung = atMs - first.atMs < 5 * leastMs
  return Math.min(mostError, Math.max(isYoung ? 3 * leastError : leastError, error))
}

// ---- what stages took before ------------------------------------------------------------------------------------

/** What an earlier Insight of the same analyst took. */
export type PastRun = { traces: number; stageSeconds: Partial<Record<Stage, number>> }

/** How a stage grows with the number of traces: clusters grow like its square root, and there is one overview. */
const growth: Record<Stage, number> = {
  load: 1,
  summarize: 1,
  embed: 1,
  cluster: 1,
  name: 0.5,
  overview: 0,
  publish: 1,
}

/** Seconds for 1,000 traces on two cores with a tracking server beside, where there is no past: a guess, and a wide one. */
const guesses: Record<'builtin' | 'model', Record<Stage, number | undefined>> = {
  builtin: { load: 2, summarize: 15, embed: 1, cluster: 1.5, name: 0.5, overview: 0.1, publish: 12 },
  model: { load: 2, summarize: undefined, embed: 6, cluster: 1.5, name: 25, overview: 20, publish: 12 },
}
const guessFactor = 2.5

/** Predicts stages from what they took in earlier Insights, else by a wide guess. */
export function createPrediction(past: readonly PastRun[], analyst: 'builtin' | 'model'): PredictStage {
  return (stage, traces) => {
    const scaled = past
      .flatMap(({ traces: then, stageSeconds }) => {
        const seconds = stageSeconds[stage]
        return seconds === undefined || then === 0 ? [] : [seconds * (traces / then) ** growth[stage]]
      })
      .sort((a, b) => a - b)
    const middle = scaled[Math.floor(scaled.length / 2)]
    if (middle !== undefined) {
      // Of several the spread itself; of one or two a factor stands in for it.
      const factor = scaled.length < 3 ? 1.6 : 1.25
      return { lowS: Math.min(scaled[0] ?? 0, middle / factor), highS: Math.max(scaled.at(-1) ?? 0, middle * factor) }
    }
    const guess = guesses[analyst][stage]
    if (guess === undefined) return undefined
    const seconds = guess * (traces / 1_000) ** growth[stage]
    return { lowS: seconds / guessFactor, highS: seconds * guessFactor }
  }
}
