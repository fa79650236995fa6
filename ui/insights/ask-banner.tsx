import { useState } from 'react'
import { BrandMark } from '../parts/brand-mark.tsx'

/** The question comes first: what is typed here opens the creation form already filled in. */
export function AskBanner({ onAsk }: { onAsk: (question?: string) => void }) {
  const [question, setQuestion] = useState('')
  return (
    <form
      className="ask"
      onSubmit={(event) => {
        event.preventDefault()
        onAsk(question.trim() === '' ? undefined : question.trim())
      }}
    >
      <BrandMark size={20} />
      <label className="visually-hidden" htmlFor="ask">
        Ask a question of the traces
      </label>
      <input
        id="ask"
        value={question}
        placeholder="What do you want to learn from these traces? e.g. Where does the assistant fail, and why?"
        autoComplete="off"
        onChange={(event) => setQuestion(event.target.value)}
      />
      <button type="submit" className="button">
        Ask
      </button>
    </form>
  )
}
