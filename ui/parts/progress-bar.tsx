/** How far something is; without a known total it only says that it moves. */
export function ProgressBar({ done, total, label }: { done: number; total: number; label: string }) {
  const known = total > 0
  return (
    <div
      className={known ? 'progress-bar' : 'progress-bar unknown'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      {...(known ? { 'aria-valuemax': total, 'aria-valuenow': Math.min(done, total) } : {})}
    >
      <span style={known ? { width: `${(Math.min(done, total) / total) * 100}%` } : {}} />
    </div>
  )
}
