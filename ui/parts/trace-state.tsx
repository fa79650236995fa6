import { stateWords } from '../words.ts'
import { Icon, type IconName } from './icon.tsx'

const looks: Record<string, { icon: IconName; tone: string; word: string }> = {
  OK: { icon: 'check', tone: 'success', word: stateWords.OK },
  ERROR: { icon: 'cross', tone: 'danger', word: stateWords.ERROR },
  IN_PROGRESS: { icon: 'clock', tone: 'info', word: stateWords.IN_PROGRESS },
}
const unknown = { icon: 'info', tone: 'quiet', word: stateWords.STATE_UNSPECIFIED } as const

/** A trace's state as MLflow shows it: an icon and a word; the word goes first where room is short. */
export function TraceStateTag({ state }: { state: string }) {
  const look = looks[state] ?? unknown
  return (
    <span className={`state-tag tone-${look.tone}`} title={look.word}>
      <Icon name={look.icon} size={14} />
      <span className="state-word">{look.word}</span>
    </span>
  )
}
