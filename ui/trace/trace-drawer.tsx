import { useQuery } from '@tanstack/react-query'
import { Dialog } from 'radix-ui'
import { useEffect, useState } from 'react'
import type { TraceDetail } from '#/server/api/schemas/traces.ts'
import type { Evidence } from '../answer-parts.ts'
import { toCompact, toCount, toDateTime, toMilliseconds, toShare, toUsd } from '../figures.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { FromTrace } from '../parts/from-trace.tsx'
import { Icon } from '../parts/icon.tsx'
import { isTyping } from '../parts/search-field.tsx'
import { ProblemState, Skeleton } from '../parts/states.tsx'
import { TraceStateTag } from '../parts/trace-state.tsx'
import { serviceQuery, traceQuery } from '../queries.ts'
import { traceParts, type TracePart } from '../search-params.ts'
import { Assessments } from './assessments.tsx'
import { Conversation } from './conversation.tsx'
import type { Listed } from './listed.ts'
import { Memberships } from './memberships.tsx'
import { SpanTree } from './span-tree.tsx'

/**
 * One trace beside the page it was opened from, which stays usable. `listed` is its place in that page's list, for
 * previous and next (`k` and `j`); `spanId` is the place to show first.
 */
export function TraceDrawer(props: {
  traceId: string
  spanId?: string | undefined
  insightId?: string | undefined
  part: TracePart | undefined
  listed: Listed
  onPart: (part: TracePart | undefined) => void
  onOpen: (traceId: string) => void
  onClose: () => void
}) {
  const { traceId, listed, onOpen, onClose } = props
  const { data: trace, error, refetch } = useQuery(traceQuery(traceId))
  const { before, after } = listed

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.metaKey || event.ctrlKey || event.altKey) return
      if (event.key === 'j' && after !== undefined) onOpen(after)
      if (event.key === 'k' && before !== undefined) onOpen(before)
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [before, after, onOpen])

  return (
    <Dialog.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Content
          className="drawer"
          aria-describedby={undefined}
          onInteractOutside={(event) => event.preventDefault()}
          onOpenAutoFocus={(event) => {
            event.preventDefault()
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus({ preventScroll: true })
          }}
        >
          <div className="drawer-head">
            <Dialog.Title className="drawer-title">
              {trace?.name === undefined ? 'Trace' : <FromTrace text={trace.name} className="clamp-1" />}
            </Dialog.Title>
            <div className="drawer-buttons">
              {listed.index !== undefined && (
                <span className="quiet small numbers only-medium">
                  {toCount(listed.index + 1)} of {toCount(listed.total)}
                </span>
              )}
              <button
                type="button"
                className="button icon-only borderless"
                aria-label="Previous trace"
                aria-keyshortcuts="k"
                title="Previous (k)"
                disabled={before === undefined}
                onClick={() => before !== undefined && onOpen(before)}
              >
                <Icon name="up" />
              </button>
              <button
                type="button"
                className="button icon-only borderless"
                aria-label="Next trace"
                aria-keyshortcuts="j"
                title="Next (j)"
                disabled={after === undefined}
                onClick={() => after !== undefined && onOpen(after)}
              >
                <Icon name="down" />
              </button>
              <Dialog.Close className="button icon-only borderless" aria-label="Close trace" title="Close (Esc)">
                <Icon name="cross" />
              </Dialog.Close>
            </div>
          </div>
          <div className="drawer-body" key={traceId}>
            {trace === undefined ? (
              error === null ? (
                <Skeleton lines={12} label="Loading the trace" />
              ) : (
                <ProblemState title="Fetching the trace failed" error={error} onRetry={() => void refetch()} />
              )
            ) : (
              <TraceBody
                trace={trace}
                insightId={props.insightId}
                spanId={props.spanId}
                part={props.part ?? 'conversation'}
                onPart={(part) => props.onPart(part === 'conversation' ? undefined : part)}
              />
            )}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function TraceBody(props: {
  trace: TraceDetail
  insightId: string | undefined
  spanId: string | undefined
  part: TracePart
  onPart: (part: TracePart) => void
}) {
  const { trace, insightId, part, onPart } = props
  const [focus, setFocus] = useState<{ spanId: string; quote: string | undefined } | undefined>(
    props.spanId === undefined ? undefined : { spanId: props.spanId, quote: undefined },
  )
  const here = trace.insights.find((membership) => membership.insight_id === insightId)
  const evidence: Evidence[] = here?.evidence ?? trace.insights[0]?.evidence ?? []
  const show = (chosen: Evidence) => {
    onPart('conversation')
    setFocus({ spanId: chosen.span_id, quote: chosen.quote })
  }
  return (
    <>
      <TraceFacts trace={trace} />
      <Memberships memberships={trace.insights} here={insightId} onEvidence={show} />
      <div className="tabs" role="tablist" aria-label="Parts of the trace">
        <TabButton
          tab="conversation"
          chosen={part}
          onChoose={onPart}
          label="Conversation"
          count={trace.conversation.length}
        />
        <TabButton tab="spans" chosen={part} onChoose={onPart} label="Spans" count={trace.spans.length} />
        <TabButton
          tab="assessments"
          chosen={part}
          onChoose={onPart}
          label="Assessments"
          count={trace.assessments.length}
        />
      </div>
      <div role="tabpanel" aria-labelledby={`tab-${part}`} className="tab-panel">
        {part === 'conversation' && (
          <Conversation turns={trace.conversation} evidence={evidence} focus={focus} readShare={trace.read_share} />
        )}
        {part === 'spans' && <SpanTree spans={trace.spans} />}
        {part === 'assessments' && <Assessments assessments={trace.assessments} />}
      </div>
    </>
  )
}

function TabButton(props: {
  tab: TracePart
  chosen: TracePart
  onChoose: (tab: TracePart) => void
  label: string
  count: number
}) {
  const active = props.tab === props.chosen
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${props.tab}`}
      aria-selected={active}
      tabIndex={active ? 0 : -1}
      className="tab"
      onClick={() => props.onChoose(props.tab)}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
        const next = traceParts[(traceParts.indexOf(props.tab) + step + traceParts.length) % traceParts.length]
        if (step === 0 || next === undefined) return
        props.onChoose(next)
        document.querySelector<HTMLElement>(`#tab-${next}`)?.focus()
      }}
    >
      {props.label} <span className="quiet numbers">{props.count}</span>
    </button>
  )
}

function TraceFacts({ trace }: { trace: TraceDetail }) {
  const service = useQuery(serviceQuery()).data
  return (
    <div className="pills">
      <CopyButton text={trace.id} label="Copy the trace id" className="pill mono">
        {trace.id}
      </CopyButton>
      <TraceStateTag state={trace.state} />
      <span className="pill">{toDateTime(trace.request_time)}</span>
      {trace.execution_ms !== undefined && <span className="pill">Latency {toMilliseconds(trace.execution_ms)}</span>}
      {trace.tokens !== undefined && <span className="pill">{toCompact(trace.tokens)} tokens</span>}
      {trace.cost_usd !== undefined && <span className="pill">{toUsd(trace.cost_usd)}</span>}
      {trace.session !== undefined && (
        <span className="pill">
          Session <FromTrace text={trace.session} />
        </span>
      )}
      {trace.user !== undefined && (
        <span className="pill">
          User <FromTrace text={trace.user} />
        </span>
      )}
      {trace.read_share < 1 && <span className="pill tone-warning">{toShare(trace.read_share)} of it was read</span>}
      {service?.tracking === 'mlflow' && (
        <a className="pill" href={trace.links.mlflow} target="_blank" rel="noreferrer">
          Open in MLflow <Icon name="out" size={12} />
        </a>
      )}
    </div>
  )
}
