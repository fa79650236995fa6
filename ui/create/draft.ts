// The creation form as data: what is typed, what is wrong with it, and the request it becomes.
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import type { CreateMode } from '../search-params.ts'
import { findLensProblem, toLens, type LensDraft } from './lens-draft.ts'

export const exampleQuestions = [
  'What kinds of questions are users asking?',
  'Where does the assistant fail, and why?',
  'What makes users frustrated or angry?',
  'Which tools cause errors or slow answers?',
  'What do users ask for that we do not offer?',
] as const

export const efforts = ['minimal', 'low', 'medium', 'high'] as const
type Effort = (typeof efforts)[number]

type SampleChoice = 'all' | 'random' | 'stratified'
export type ScopeChoice = 'selected' | 'filter' | 'all'

export type Draft = {
  instruction: string
  scope: ScopeChoice
  filter: string
  /** As typed; empty for no limit. */
  maxTraces: string
  sample: SampleChoice
  stratifyBy: string
  name: string
  description: string
  seed: string
  levels: string
  /** As typed; empty to show groups of any size. */
  minShownSize: string
  analyst: '' | 'builtin' | 'model'
  model: string
  effort: '' | Effort
  /** How the question is to be read; without one it alone decides. */
  lens: LensDraft | undefined
}

export type FieldErrors = Partial<Record<keyof Draft, string>>

export function emptyDraft(from: { ask: string; mode: CreateMode; filter: string; selected: number }): Draft {
  const { mode, selected, filter } = from
  return {
    instruction: from.ask,
    scope: mode === 'selected' && selected > 0 ? 'selected' : mode !== '1' && filter !== '' ? 'filter' : 'all',
    filter,
    maxTraces: '',
    sample: 'random',
    stratifyBy: 'state',
    name: '',
    description: '',
    seed: '',
    levels: '',
    minShownSize: '',
    analyst: '',
    model: '',
    effort: '',
    lens: undefined,
  }
}

/** What is typed as a number; `undefined` when nothing is, or it is not a whole number above zero. */
export function readWhole(typed: string): number | undefined {
  return /^\d+$/.test(typed.trim()) && Number(typed) > 0 ? Number(typed) : undefined
}

const isNoWhole = (typed: string): boolean => typed.trim() !== '' && readWhole(typed) === undefined

/** What is wrong with the draft, by field; nothing when it can be sent. The server has the last word on the rest. */
export function readDraft(draft: Draft, facts: { selected: number; matching: number | undefined }): FieldErrors {
  const errors: FieldErrors = {}
  const instruction = draft.instruction.trim()
  if (instruction.length < 3) errors.instruction = 'Ask a question about the traces, or choose one of the examples.'
  if (instruction.length > 4_000) {
    errors.instruction = `Keep the question under 4,000 characters (now ${instruction.length.toLocaleString()}).`
  }
  if (draft.scope === 'selected' && facts.selected === 0) errors.scope = 'No traces are selected. Choose another scope.'
  if (draft.scope === 'filter' && facts.matching === 0) errors.filter = 'No trace matches this filter.'
  if (draft.scope === 'all' && facts.matching === 0) errors.scope = 'This experiment has no traces yet.'
  if (draft.scope !== 'selected' && isNoWhole(draft.maxTraces)) {
    errors.maxTraces = 'A whole number above zero, or nothing for no limit.'
  }
  if (draft.name.trim().length > 250) errors.name = 'Keep the name under 250 characters.'
  if (draft.description.length > 2_000) errors.description = 'Keep the description under 2,000 characters.'
  if (draft.seed.trim() !== '' && !(/^\d+$/.test(draft.seed.trim()) && Number(draft.seed) <= 0xffff_ffff)) {
    errors.seed = 'A whole number from 0 to 4,294,967,295.'
  }
  if (isNoWhole(draft.minShownSize)) {
    errors.minShownSize = 'A whole number above zero, or nothing to show every group.'
  }
  const lensProblem = draft.lens === undefined ? undefined : findLensProblem(draft.lens)
  if (lensProblem !== undefined) errors.lens = lensProblem
  return errors
}

/** Who reads, and with what model, where that was chosen. */
export function toAnalystOptions(draft: Draft) {
  return {
    ...(draft.analyst === '' ? {} : { analyst: draft.analyst }),
    ...(draft.model.trim() === '' ? {} : { model: draft.model.trim() }),
    ...(draft.effort === '' ? {} : { reasoning_effort: draft.effort }),
  }
}

/** The request of a draft without errors. */
export function toBody(draft: Draft, facts: { experimentId: string; traceIds: string[] }): CreateInsightBody {
  const maxTraces = readWhole(draft.maxTraces)
  const minShownSize = readWhole(draft.minShownSize)
  const options = {
    ...(draft.seed.trim() === '' ? {} : { seed: Number(draft.seed) }),
    ...(draft.levels === '' ? {} : { levels: Number(draft.levels) }),
    ...(minShownSize === undefined ? {} : { min_shown_size: minShownSize }),
    ...toAnalystOptions(draft),
    ...(draft.lens === undefined ? {} : { lens: toLens(draft.lens) }),
  }
  return {
    experiment_id: facts.experimentId,
    instruction: draft.instruction.trim(),
    ...(draft.name.trim() === '' ? {} : { name: draft.name.trim() }),
    ...(draft.description.trim() === '' ? {} : { description: draft.description.trim() }),
    scope:
      draft.scope === 'selected'
        ? { trace_ids: facts.traceIds }
        : {
            filter: draft.scope === 'filter' ? draft.filter.trim() : '',
            ...(maxTraces === undefined
              ? {}
              : {
                  max_traces: maxTraces,
                  sample: draft.sample,
                  ...(draft.sample === 'stratified' ? { stratify_by: draft.stratifyBy } : {}),
                }),
          },
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }
}
