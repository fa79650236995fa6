import { useMemo, useState } from 'react'
import type { Span } from '../answer-parts.ts'
import { toCompact, toMilliseconds } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { Icon } from '../parts/icon.tsx'

type Placed = { span: Span; depth: number }

/** The spans in the order they ran, indented below their parents, on one time axis; one click shows what went in and out. */
export function SpanTree({ spans }: { spans: readonly Span[] }) {
  const placed = useMemo(() => placeSpans(spans), [spans])
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(spans.filter(({ status }) => status === 'ERROR').map(({ span_id }) => span_id)),
  )
  const endMs = Math.max(1, ...spans.map((span) => span.start_ms + (span.duration_ms ?? 0)))
  if (spans.length === 0) return <p className="quiet">The spans of this trace are not available.</p>
  return (
    <ol className="spans">
      {placed.map(({ span, depth }) => {
        const isOpen = open.has(span.span_id)
        return (
          <li key={span.span_id}>
            <button
              type="button"
              className={`span-row${span.status === 'ERROR' ? ' tone-danger' : ''}`}
              aria-expanded={isOpen}
              onClick={() => {
                const next = new Set(open)
                if (isOpen) next.delete(span.span_id)
                else next.add(span.span_id)
                setOpen(next)
              }}
            >
              <span className="span-name" style={{ paddingInlineStart: Math.min(depth, 8) * 14 }}>
                <span className={`tree-toggle${isOpen ? ' open' : ''}`} aria-hidden="true">
                  <Icon name="chevron" size={12} />
                </span>
                {span.status === 'ERROR' && <Icon name="warn" size={14} />}
                <FromTrace text={span.name} className="clamp-1" />
                <span className="tag">{span.type.toLowerCase().replaceAll('_', ' ')}</span>
              </span>
              <span className="span-bar" aria-hidden="true">
                <span
                  style={{
                    left: `${(span.start_ms / endMs) * 100}%`,
                    width: `${Math.max(0.6, ((span.duration_ms ?? 0) / endMs) * 100)}%`,
                  }}
                />
              </span>
              <span className="span-time numbers">
                {span.duration_ms === undefined ? 'open' : toMilliseconds(span.duration_ms)}
              </span>
            </button>
            {isOpen && <SpanDetail span={span} />}
          </li>
        )
      })}
    </ol>
  )
}

function SpanDetail({ span }: { span: Span }) {
  return (
    <div className="span-detail">
      {span.status === 'ERROR' && span.status_message !== '' && (
        <p className="bar tone-danger">
          <Icon name="warn" />
          <FromTrace text={span.status_message} />
        </p>
      )}
      <Value label="Inputs" value={span.inputs} />
      <Value label="Outputs" value={span.outputs} />
      {Object.keys(span.attributes).length > 0 && <Value label="Attributes" value={span.attributes} folded />}
      {span.events.length > 0 && <Value label="Events" value={span.events} folded />}
    </div>
  )
}

const shownChars = 4_000

function Value({ label, value, folded = false }: { label: string; value: unknown; folded?: boolean }) {
  const [whole, setWhole] = useState(false)
  if (value === null || value === undefined) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return (
    <details open={!folded}>
      <summary>{label}</summary>
      <pre className="value" tabIndex={0}>
        <FromTrace text={whole ? text : text.slice(0, shownChars)} />
      </pre>
      {text.length > shownChars && (
        <button type="button" className="text-button" onClick={() => setWhole(!whole)}>
          {whole ? 'See less' : `See more (${toCompact(text.length)} characters)`}
        </button>
      )}
    </details>
  )
}

/** Depth first from the roots; a span whose parent is missing counts as a root, and a circle of parents ends. */
function placeSpans(spans: readonly Span[]): Placed[] {
  const known = new Set(spans.map(({ span_id }) => span_id))
  const children = Map.groupBy(spans, ({ parent_id }) =>
    parent_id !== null && known.has(parent_id) ? parent_id : null,
  )
  const placed: Placed[] = []
  const seen = new Set<string>()
  const place = (parent: string | null, depth: number) => {
    for (const span of (children.get(parent) ?? []).toSorted((a, b) => a.start_ms - b.start_ms)) {
      if (seen.has(span.span_id)) continue
      seen.add(span.span_id)
      placed.push({ span, depth })
      place(span.span_id, depth + 1)
    }
  }
  place(null, 0)
  for (const span of spans) if (!seen.has(span.span_id)) placed.push({ span, depth: 0 })
  return placed
}
