// The tracking server that a command writes to itself: the configured one, or the running service's embedded store.
import { ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { environment } from '#/server/config.ts'
import { createMlflowClient, type MlflowClient } from '#/server/mlflow/client.ts'
import { parseTrackingUri } from '#/server/mlflow/config.ts'
import { credentialsOf } from './credentials.ts'
import { CliError, exitCodes } from './exit.ts'
import { createServiceClient } from './service-client.ts'
import type { World } from './world.ts'

/** Long enough for a server that is waking up. */
const knockMs = 10_000

/** A client of `MLFLOW_TRACKING_URI`, else of the store of the service at `--url`. Throws a CliError where nobody answers. */
export async function openTrackingClient(
  flags: { url?: string },
  world: World,
  signal: AbortSignal,
): Promise<MlflowClient> {
  const { trackingUri, workspace } = await findTracking(flags, world, signal)
  await knock(trackingUri, world, signal)
  return createMlflowClient({
    trackingUri,
    credentials: credentialsOf(world.env),
    ...(workspace === undefined ? {} : { workspace }),
  })
}

const trackingEnvironment = environment.pick({ MLFLOW_TRACKING_URI: true, MLFLOW_WORKSPACE: true })

async function findTracking(
  flags: { url?: string },
  world: World,
  signal: AbortSignal,
): Promise<{ trackingUri: string; workspace?: string }> {
  const set = Object.entries(world.env).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : []))
  const parsed = trackingEnvironment.safeParse(Object.fromEntries(set))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new CliError(`${issue?.path.join('.') ?? ''} ${issue?.message ?? 'cannot be used'}`, exitCodes.unusable)
  }
  const { MLFLOW_TRACKING_URI, MLFLOW_WORKSPACE } = parsed.data
  const workspace = MLFLOW_WORKSPACE === undefined ? {} : { workspace: MLFLOW_WORKSPACE }
  if (MLFLOW_TRACKING_URI !== undefined) return { trackingUri: MLFLOW_TRACKING_URI, ...workspace }
  const service = createServiceClient(world, flags)
  const { tracking_uri: trackingUri } = await service.get(ServiceAnswer, '/service', { signal })
  return { trackingUri, ...workspace }
}

/** The client asks again for minutes, as MLflow's own does; a mistyped address should be told at once. */
async function knock(trackingUri: string, world: World, signal: AbortSignal): Promise<void> {
  const base = parseTrackingUri(trackingUri)
  try {
    const answer = await world.fetch(`${base}/version`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(knockMs)]),
    })
    await answer.body?.cancel()
  } catch (error) {
    if (signal.aborted) return
    throw new CliError(
      `Nothing answers at ${base}. Start that tracking server, or set MLFLOW_TRACKING_URI to another.`,
      exitCodes.unusable,
      { cause: error },
    )
  }
}
