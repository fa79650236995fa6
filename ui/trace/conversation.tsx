import { useEffect, useRef, useState } from 'react'
import type { Evidence, Turn } from '../answer-parts.ts'
import { toCompact, toShare } from '../figures.ts'
import { FromTrace } from '../parts/from-trace.tsx'
import { findQuotes } from './find-quotes.ts'

const longChars = 1_500
const shortChars = 280
/** System prompts are the same in every trace: a line is enough to know which one it is. */
const systemChars = 110

const kindWords = {
  user: 'User',
  assistant: 'Assistant',
  system: 'System',
  tool_call: 'Tool call',
  tool_result: 'Tool result',
  retrieval: 'Retrieved',
  error: 'Error',
  data: 'Data',
} satisfies Record<Turn['kind'], string>

const spoken: ReadonlySet<Turn['kind']> = new Set(['user', 'assistant'])

/** The trace as the chat it was. What the summary quotes is marked in place, and the quote that was followed is shown. */
export function Conversation(props: {
  turns: readonly Turn[]
  evidence: readonly Evidence[]
  focus: { spanId: string; quote: string | undefined } | undefined
  readShare: number
}) {
  const { turns, focus } = props
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    if (focus === undefined) return
    const turn =
      list.current?.querySelector(`[data-span="${CSS.escape(focus.spanId)}"]:has(mark)`) ??
      list.current?.querySelector(`[data-span="${CSS.escape(focus.spanId)}"]`)
    const mark = turn?.querySelector('mark')
    ;(mark ?? turn)?.scrollIntoView({ block: 'center' })
  }, [focus])
  if (turns.length === 0) {
    return <p className="quiet">This trace holds no text of a conversation. Its spans may still tell what happened.</p>
  }
  return (
    <>
      {props.readShare < 1 && (
        <p className="bar tone-warning">
          The trace is too large to hold: {toShare(props.readShare)} of it was read and is shown here.
        </p>
      )}
      <ol className="chat" ref={list}>
        {turns.map((turn, index) => (
          <ChatTurn
            key={`${turn.span_id}:${index}`}
            turn={turn}
            quotes={props.evidence.filter(({ span_id }) => span_id === turn.span_id).map(({ quote }) => quote)}
          />
        ))}
      </ol>
    </>
  )
}

function ChatTurn({ turn, quotes }: { turn: Turn; quotes: readonly string[] }) {
  const isSpoken = spoken.has(turn.kind)
  const quoted = quotes.length > 0 && findQuotes(turn.text, quotes).some(({ marked }) => marked)
  const limit = isSpoken ? longChars : turn.kind === 'system' ? systemChars : shortChars
  const [whole, setWhole] = useState(quoted || turn.text.length <= limit)
  const start = turn.text.slice(0, limit)
  // The beginning of a system prompt is one line; its line breaks come with the rest of it.
  const text = whole ? turn.text : turn.kind === 'system' ? start.replaceAll(/\s+/g, ' ') : start
  return (
    <li className={`turn turn-${turn.kind}`} data-span={turn.span_id}>
      <span className="turn-who">
        {kindWords[turn.kind]}
        {turn.name !== undefined && (
          <>
            {' '}
            <FromTrace text={turn.name} className="mono" />
          </>
        )}
      </span>
      <div className={isSpoken ? 'turn-text' : 'turn-text mono'} dir="auto">
        {findQuotes(text, quotes).map((piece, index) =>
          piece.marked ? (
            <mark key={index}>
              <FromTrace text={piece.text} />
            </mark>
          ) : (
            <FromTrace key={index} text={piece.text} />
          ),
        )}
        {!whole && '… '}
        {turn.text.length > limit && !quoted && (
          <button type="button" className="text-button" onClick={() => setWhole(!whole)}>
            {whole ? 'See less' : `See more (${toCompact(turn.text.length)} characters)`}
          </button>
        )}
      </div>
    </li>
  )
}
