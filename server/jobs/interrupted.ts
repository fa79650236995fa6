const messages = {
  shutdown: 'The service is shutting down.',
  lost: 'The job was given to another worker.',
  long: 'The job is long, and gives its place to short ones.',
  stalled: 'Nothing was heard of the job for too long.',
} as const

/**
 * Why a run was stopped without anybody wanting its end: it goes on elsewhere or later, so nothing is to be marked as failed
 * or cancelled.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly reason: keyof typeof messages

  constructor(reason: keyof typeof messages) {
    super(messages[reason])
    this.reason = reason
  }
}
