// What a client of one tracking server needs to know, in the words of MLflow's own clients.
import { AppError } from '#/pipeline/errors.ts'
import type { Send } from '../send.ts'

/** Who asks. `header` passes a caller's own `Authorization` header on, unread. */
export type MlflowCredentials =
  | { kind: 'none' }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'header'; authorization: string }

export type MlflowConfig = {
  /** `MLFLOW_TRACKING_URI`; a static prefix is part of it (`https://host/mlflow`). */
  trackingUri: string
  credentials?: MlflowCredentials
  /** `MLFLOW_WORKSPACE`; sent only to a server that says it has workspaces. */
  workspace?: string
  /** How long one attempt may take, in milliseconds; 120,000 as MLflow's own client. */
  timeoutMs?: number
  /** Attempts after the first; 7 as MLflow's own client. */
  maxRetries?: number
  /** Wait before the first retry, in milliseconds, doubled each time; 2,000 as MLflow's own client. */
  backoffMs?: number
  /** A trace whose spans are larger than this is read in part; 32 MiB. */
  maxTraceBytes?: number
  /** Raw bodies of traces held at once, in bytes; 64 MiB. */
  maxBytesInFlight?: number
  /** `artifact` reads every trace with get-trace-artifact; `api` asks traces/get where the spans are in the database. */
  spanReader?: 'artifact' | 'api'
}

/** What a client needs of the world; a test passes its own clock and chance. */
export type MlflowEffects = {
  send: Send
  /** Waits, and rejects when the signal is aborted. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** A number in [0, 1). */
  random: () => number
  /** Milliseconds since the epoch. */
  now: () => number
}

/**
 * The address requests are made under: no trailing slash, no query, no user information.
 * Throws `config.invalid` for anything but an http(s) address.
 */
export function parseTrackingUri(trackingUri: string): string {
  const url = URL.canParse(trackingUri) ? new URL(trackingUri) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new AppError(
      'config.invalid',
      'MLFLOW_TRACKING_URI must be an http or https address of a tracking server, such as http://127.0.0.1:5000.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError(
      'config.invalid',
      'MLFLOW_TRACKING_URI must not hold credentials; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead.',
    )
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** The `Authorization` header of some credentials, or `undefined` for none. */
export function toAuthorization(credentials: MlflowCredentials): string | undefined {
  if (credentials.kind === 'none') return undefined
  if (credentials.kind === 'header') return credentials.authorization
  if (credentials.kind === 'bearer') return `Bearer ${credentials.token}`
  const pair = `${credentials.username}:${credentials.password}`
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
}
