/**
 * Why a run was stopped without anybody wanting its end: the service shuts down, or the job was given to another worker.
 * It goes on elsewhere or later, so nothing is to be marked as failed or cancelled.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly reason: 'shutdown' | 'lost'

  constructor(reason: 'shutdown' | 'lost') {
    super(reason === 'shutdown' ? 'The service is shutting down.' : 'The job was given to another worker.')
    this.reason = reason
  }
}
