// The tracking server we work with: the configured one, or the embedded store in a thread of its own.
import { once } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'
import type { Config } from './config.ts'
import { createMlflowClient, type MlflowClient } from './mlflow/client.ts'
import type { MlflowCredentials } from './mlflow/config.ts'
import { openThread } from './open-thread.ts'

export type TrackingServer = AsyncDisposable & {
  kind: 'embedded' | 'mlflow'
  uri: string
  /** The service's own account, as patient as MLflow's own client: for jobs. */
  client: MlflowClient
  /** The same account for somebody who waits in front of a screen: a server that is gone is told at once. */
  quickClient: MlflowClient
  /** A client that asks with a caller's own `Authorization` header. */
  clientFor: (authorization: string) => MlflowClient
  /** Where the sample conversations are; only the embedded store has them. */
  samplesExperimentId: string | undefined
}

const ThreadMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), url: z.string(), samplesExperimentId: z.string().optional() }),
  z.object({ type: z.literal('failed'), message: z.string() }),
])

/**
 * Connects to `MLFLOW_TRACKING_URI`, or starts the embedded store. The store is a program of its own that we talk to over
 * HTTP like any other tracking server, so nothing here knows which of the two it is.
 */
export async function openTracking(config: Pick<Config, 'tracking' | 'dataDir' | 'port'>): Promise<TrackingServer> {
  const { tracking } = config
  if (tracking.uri !== undefined) {
    return {
      kind: 'mlflow',
      uri: tracking.uri,
      ...clientsOf(tracking.uri, config),
      samplesExperimentId: undefined,
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const worker = openThread(new URL('../mocks/tracking/thread.ts', import.meta.url), {
    workerData: { dataDir: join(config.dataDir, 'tracking'), port: config.port === 0 ? 0 : config.port + 1 },
  })
  const [message] = (await once(worker, 'message')) as [unknown]
  const answer = ThreadMessage.parse(message)
  if (answer.type === 'failed') {
    throw new AppError('mlflow.unreachable', `The embedded tracking store did not start: ${answer.message}`)
  }
  return {
    kind: 'embedded',
    uri: answer.url,
    samplesExperimentId: answer.samplesExperimentId,
    ...clientsOf(answer.url, config),
    [Symbol.asyncDispose]: async () => {
      worker.postMessage('close')
      await once(worker, 'exit')
    },
  }
}

const quick = { maxRetries: 1, backoffMs: 200, timeoutMs: 15_000 }

function clientsOf(
  trackingUri: string,
  { tracking }: Pick<Config, 'tracking'>,
): Pick<TrackingServer, 'client' | 'quickClient' | 'clientFor'> {
  const shared = { trackingUri, ...(tracking.workspace === undefined ? {} : { workspace: tracking.workspace }) }
  return {
    client: createMlflowClient({ ...shared, credentials: ownCredentials(tracking) }),
    quickClient: createMlflowClient({ ...shared, ...quick, credentials: ownCredentials(tracking) }),
    clientFor: (authorization) =>
      createMlflowClient({ ...shared, ...quick, credentials: { kind: 'header', authorization } }),
  }
}

function ownCredentials({ token, username, password }: Config['tracking']): MlflowCredentials {
  if (token !== undefined) return { kind: 'bearer', token }
  if (username !== undefined) return { kind: 'basic', username, password: password ?? '' }
  return { kind: 'none' }
}
