// How far a job is: one line that is rewritten where a person watches, a few lines for a log.
import { cutToWidth, padToWidth, toLine } from './terminal-text.ts'
import type { Output } from './world.ts'

export type ProgressState = {
  stage: string
  done: number
  /** 0 while it is not known. */
  total: number
  failed?: number
  ratePerS?: number
  etaS?: number
}

export type ProgressDisplay = {
  update: (state: ProgressState) => void
  /** A line of its own, between the progress. */
  note: (text: string) => void
  /** Ends the line that is being rewritten; a stage that is followed by another, or by success, is complete. */
  close: (end: { isComplete: boolean }) => void
}

const barCells = 24
/** A terminal shows no more pictures than this, and a log needs far fewer lines. */
const repaintMs = 100
const lineMs = 5_000

/** Shows progress on the output, a bar for each stage. */
export function createProgress(output: Output, now: () => number): ProgressDisplay {
  let shown: ProgressState | undefined
  let latest: ProgressState | undefined
  let shownAtMs = -Infinity

  const paint = (state: ProgressState, end: '\n' | ''): void => {
    const text = renderProgress(state)
    if (output.isTty) {
      const columns = (output.columns ?? 80) - 1
      output.write(`\r${padToWidth(cutToWidth(text, columns), columns)}${end}`)
    } else output.write(`${text}\n`)
    shown = state
    shownAtMs = now()
  }
  /** The last state of a stage is always shown, however little time passed. */
  const finish = ({ isComplete }: { isComplete: boolean }): void => {
    if (latest !== undefined) {
      const last = isComplete && latest.done < latest.total ? { ...latest, done: latest.total } : latest
      if (output.isTty || last !== shown) paint(last, '\n')
    }
    latest = undefined
    shown = undefined
  }

  return {
    update: (state) => {
      const isNewStage = latest !== undefined && latest.stage !== state.stage
      if (isNewStage) finish({ isComplete: true })
      const isFirst = latest === undefined
      latest = state
      const waitMs = output.isTty ? repaintMs : lineMs
      const isComplete = state.total > 0 && state.done >= state.total && (shown?.done ?? 0) < state.total
      if (isFirst || isComplete || now() - shownAtMs >= waitMs) paint(state, '')
    },
    note: (text) => {
      if (output.isTty && latest !== undefined) output.write(`\r${' '.repeat((output.columns ?? 80) - 1)}\r`)
      output.write(`${toLine(text)}\n`)
      if (output.isTty && latest !== undefined) paint(latest, '')
    },
    close: finish,
  }
}

/** One line such as `summarize  ██████░░░░░░  148/296  50 %  12 a second, 12 s left  2 failed`. */
export function renderProgress({ stage, done, total, failed = 0, ratePerS, etaS }: ProgressState): string {
  const share = total === 0 ? 0 : Math.min(1, done / total)
  const full = Math.floor(share * barCells)
  const parts = [
    stage.padEnd(9),
    ...(total === 0
      ? done === 0
        ? []
        : [String(done)]
      : [`${'█'.repeat(full)}${'░'.repeat(barCells - full)}`, `${done}/${total}`, `${Math.floor(share * 100)} %`]),
    ...(ratePerS === undefined || done >= total
      ? []
      : [
          `${ratePerS.toFixed(ratePerS < 10 ? 1 : 0)} a second${etaS === undefined ? '' : `, ${toDuration(etaS)} left`}`,
        ]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ]
  return parts.join('  ').trimEnd()
}

/** Seconds as a person says them: `8 s`, `3 min 20 s`, `2 h 5 min`. */
export function toDuration(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}
