// Where a model adds nothing to a trace, the built-in analyst reads it for nothing.
import type { Analyst } from './ports.ts'
import type { Transcript } from './transcript/transcript.ts'

const longestEasy = 280

/** One short thing that somebody said, and nothing that was done or went wrong. */
export function isEasy({ turns, state, feedback, readShare }: Transcript): boolean {
  const told = turns.filter(({ kind }) => kind !== 'system')
  const [only] = told
  return (
    told.length === 1 &&
    only?.kind === 'user' &&
    only.text.length <= longestEasy &&
    state !== 'ERROR' &&
    feedback === undefined &&
    readShare === 1
  )
}

/** The analyst, but for easy traces, which go to the built-in one; their summaries name it as their author. */
export function routeEasy(analyst: Analyst, builtin: Pick<Analyst, 'summarize'>): Analyst {
  return {
    ...analyst,
    summarize: (input, options) => (isEasy(input.transcript) ? builtin : analyst).summarize(input, options),
  }
}
