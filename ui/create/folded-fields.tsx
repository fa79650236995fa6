import { useState, type ReactNode } from 'react'

/** Fields that are folded away until they are wanted; while something in them is wrong they are open, and stay so once it is put right. */
export function FoldedFields(props: { summary: ReactNode; wrong: boolean; children: ReactNode }) {
  const { summary, wrong, children } = props
  const [isOpen, setOpen] = useState(false)
  return (
    <details
      className="advanced"
      open={isOpen || wrong}
      onToggle={({ currentTarget }) => {
        if (wrong) currentTarget.open = true
        setOpen(currentTarget.open)
      }}
    >
      <summary>{summary}</summary>
      {children}
    </details>
  )
}
