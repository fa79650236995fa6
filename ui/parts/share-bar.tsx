/** A bar for a share from 0 to 1. The number beside it says the same, so it is decoration for a screen reader. */
export function ShareBar({ share, color = 'var(--fill)' }: { share: number; color?: string }) {
  return (
    <span className="share-bar" aria-hidden="true">
      <span style={{ width: `${Math.max(share > 0 ? 1.5 : 0, Math.min(1, share) * 100)}%`, background: color }} />
    </span>
  )
}
