import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import { useRef, useState } from 'react'
import type { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import { ApiProblem, api } from '../api.ts'
import { BrandMark } from '../parts/brand-mark.tsx'
import { FieldNote } from '../parts/field-note.tsx'
import { Icon } from '../parts/icon.tsx'
import { newKey } from '../parts/new-key.ts'
import { ProblemBar } from '../parts/states.tsx'
import { serviceQuery } from '../queries.ts'
import type { CreateMode } from '../search-params.ts'
import { useMatchCount } from '../traces/use-match-count.ts'
import { AdvancedFields } from './advanced-fields.tsx'
import { emptyDraft, exampleQuestions, readDraft, toBody, type Draft, type FieldErrors } from './draft.ts'
import { EstimateLine } from './estimate-line.tsx'
import { LensFields } from './lens-fields.tsx'
import { ScopeFields } from './scope-fields.tsx'

/** The creation form: the question first, then which traces, then everything else for those who want it. */
export function CreateDialog(props: {
  experimentId: string
  ask: string
  mode: CreateMode
  filter: string
  selection: ReadonlySet<string>
  onClose: () => void
}) {
  const { experimentId, selection, onClose } = props
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const service = useQuery(serviceQuery()).data
  const [draft, setDraft] = useState<Draft>(() => emptyDraft({ ...props, selected: selection.size }))
  const [tried, setTried] = useState(false)
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const match = useMatchCount(experimentId, draft.scope === 'filter' ? draft.filter : '')

  const keys = useRef(new Map<string, string>())
  const create = useMutation({
    mutationFn: (body: CreateInsightBody) => {
      // One key for one wording: sending the same form twice makes one Insight, a changed form makes another.
      const written = JSON.stringify(body)
      const key = keys.current.get(written) ?? newKey()
      keys.current.set(written, key)
      return api.createInsight(body, key)
    },
    onSuccess: async ({ id }) => {
      await queryClient.invalidateQueries({ queryKey: ['insights'] })
      await navigate({ to: '/insights/$insightId', params: { insightId: id }, search: {} })
    },
  })

  const own = readDraft(draft, { selected: selection.size, matching: match.settled ? match.total : undefined })
  // Before that nobody knows whether there is anything to estimate.
  const isCounted = draft.scope === 'selected' || match.settled
  const refused = create.error instanceof ApiProblem ? toFieldErrors(create.error) : {}
  const errors: FieldErrors = { ...refused, ...(tried ? own : {}) }
  const unplaced = create.error !== null && Object.keys(refused).length === 0 ? create.error : null

  const submit = () => {
    setTried(true)
    if (Object.keys(own).length > 0) {
      document.querySelector<HTMLElement>(`[data-field="${Object.keys(own)[0]}"]`)?.focus()
      return
    }
    create.mutate(toBody(draft, { experimentId, traceIds: [...selection] }))
  }

  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault()
              submit()
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit()
            }}
          >
            <div className="dialog-head">
              <Dialog.Title className="dialog-title">
                <BrandMark size={20} /> Create Insight
              </Dialog.Title>
              <Dialog.Close className="button icon-only borderless" aria-label="Close">
                <Icon name="cross" />
              </Dialog.Close>
            </div>
            <div className="dialog-body">
              <div className="field">
                <label htmlFor="instruction">What do you want to know?</label>
                <textarea
                  id="instruction"
                  data-field="instruction"
                  className="input"
                  rows={3}
                  value={draft.instruction}
                  placeholder="Ask a question of the traces, in your own words"
                  aria-invalid={errors.instruction !== undefined}
                  aria-describedby="instruction-note"
                  autoFocus
                  onChange={(event) => change({ instruction: event.target.value })}
                />
                <FieldNote id="instruction-note" error={errors.instruction}>
                  Every trace is summarized under this question, and the summaries are grouped. One question at a time
                  groups best; how often each group ends badly is told whatever you ask.
                </FieldNote>
                <div className="examples" role="group" aria-label="Example questions">
                  {exampleQuestions.map((question) => (
                    <button
                      key={question}
                      type="button"
                      className="chip"
                      aria-pressed={draft.instruction === question}
                      onClick={() => change({ instruction: question })}
                    >
                      {question}
                    </button>
                  ))}
                </div>
              </div>
              <LensFields draft={draft} change={change} error={errors.lens} service={service} />
              <ScopeFields draft={draft} change={change} errors={errors} selected={selection.size} match={match} />
              <div className="field-row">
                <div className="field">
                  <label htmlFor="name">
                    Name <span className="quiet">(optional)</span>
                  </label>
                  <input
                    id="name"
                    data-field="name"
                    className="input"
                    value={draft.name}
                    placeholder="Taken from the question"
                    aria-invalid={errors.name !== undefined}
                    aria-describedby="name-note"
                    onChange={(event) => change({ name: event.target.value })}
                  />
                  <FieldNote id="name-note" error={errors.name} />
                </div>
                <div className="field">
                  <label htmlFor="description">
                    Description <span className="quiet">(optional)</span>
                  </label>
                  <input
                    id="description"
                    data-field="description"
                    className="input"
                    value={draft.description}
                    placeholder="Why you ask, for whoever reads it later"
                    aria-invalid={errors.description !== undefined}
                    aria-describedby="description-note"
                    onChange={(event) => change({ description: event.target.value })}
                  />
                  <FieldNote id="description-note" error={errors.description} />
                </div>
              </div>
              <AdvancedFields draft={draft} change={change} errors={errors} service={service} />
            </div>
            <div className="dialog-foot">
              {unplaced !== null && <ProblemBar error={unplaced} />}
              <EstimateLine
                body={
                  isCounted && Object.keys(own).length === 0
                    ? toBody(draft, { experimentId, traceIds: [...selection] })
                    : undefined
                }
                free={draft.analyst === 'builtin' || service?.analyst === 'builtin'}
              />
              <div className="dialog-buttons">
                <Dialog.Close className="button">Cancel</Dialog.Close>
                <button type="submit" className="button primary" disabled={create.isPending}>
                  {create.isPending ? 'Starting…' : 'Run analysis'}
                </button>
              </div>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

const fieldOfPath: Record<string, keyof FieldErrors> = {
  instruction: 'instruction',
  name: 'name',
  description: 'description',
  'scope.filter': 'filter',
  'scope.trace_ids': 'scope',
  'scope.max_traces': 'maxTraces',
  'scope.sample': 'maxTraces',
  'scope.stratify_by': 'stratifyBy',
  scope: 'scope',
  'options.seed': 'seed',
  'options.levels': 'levels',
  'options.min_shown_size': 'minShownSize',
  'options.analyst': 'analyst',
  'options.model': 'model',
  'options.reasoning_effort': 'effort',
}

/** The server's complaints at the fields they are about; one without a place here is shown as a whole by the form. */
function toFieldErrors(problem: ApiProblem): FieldErrors {
  const errors: FieldErrors = {}
  for (const { path, message } of problem.errors) {
    const place = path.replace(/^\/|^body\./, '').replaceAll('/', '.')
    const field = place.startsWith('options.lens') ? 'lens' : fieldOfPath[place]
    if (field !== undefined) errors[field] = message
  }
  return errors
}
