import { createHash } from 'node:crypto'

/**
 * The id of our assessment on a trace: the same for the same Insight and trace, so that a repeated write is recognised
 * by the tracking server. At most 50 characters, as its primary key allows.
 */
export function assessmentId(runId: string, traceId: string): string {
  return `a-${sha256(`${runId}\n${traceId}`).slice(0, 32)}`
}

/** Lower-case hex SHA-256 of a text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * A number in [0, 1) decided by seed and id alone: the smallest k of a set are a uniform sample of it, whatever the
 * order in which the set arrives (bottom-k sampling, Cohen & Kaplan 2007).
 */
export function samplingRank(seed: number, id: string): number {
  return Number.parseInt(sha256(`${seed}\n${id}`).slice(0, 13), 16) / 2 ** 52
}
