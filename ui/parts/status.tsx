import type { Status } from '../answer-parts.ts'
import { statusWords } from '../words.ts'
import { Icon, type IconName } from './icon.tsx'

const looks = {
  SCHEDULED: { icon: 'clock', tone: 'quiet' },
  RUNNING: { icon: 'clock', tone: 'info' },
  FINISHED: { icon: 'check', tone: 'success' },
  FAILED: { icon: 'cross', tone: 'danger' },
  KILLED: { icon: 'stop', tone: 'quiet' },
} satisfies Record<Status, { icon: IconName; tone: string }>

/** The run's status as an icon; `labelled` adds the word, which a screen reader hears either way. */
export function StatusMark({ status, labelled = false }: { status: Status; labelled?: boolean }) {
  const look = looks[status]
  return (
    <span className={`status tone-${look.tone}${labelled ? ' status-pill' : ''}`} title={statusWords[status]}>
      {status === 'RUNNING' ? <span className="spinner" aria-hidden="true" /> : <Icon name={look.icon} />}
      <span className={labelled ? '' : 'visually-hidden'}>{statusWords[status]}</span>
    </span>
  )
}
