// `import`: a file of traces into the tracking server, or into the running service's embedded store.
import { environment } from '#/server/config.ts'
import { ServiceAnswer } from '#/server/api/schemas/insights.ts'
import { type ImportResult, importTraces } from '#/server/import/import-traces.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { parseTrackingUri } from '#/server/mlflow/config.ts'
import { credentialsOf } from './credentials.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { createProgress } from './progress.ts'
import { createServiceClient } from './service-client.ts'
import { toJsonText, toLine } from './terminal-text.ts'
import { interruptible, type World } from './world.ts'

export type ImportFlags = { url?: string; json?: boolean; experiment: string; expectations?: boolean }

const shownFailures = 10
/** Long enough for a server that is waking up. */
const knockMs = 10_000

/** Imports a file; may be run again, for traces that are complete are left as they are. */
export async function importCommand(path: string, flags: ImportFlags, world: World): Promise<ExitCode> {
  using interrupt = interruptible(world)
  const { signal } = interrupt
  const { trackingUri, workspace } = await findTracking(flags, world, signal)
  await knock(trackingUri, world, signal)
  const client = createMlflowClient({
    trackingUri,
    credentials: credentialsOf(world.env),
    ...(workspace === undefined ? {} : { workspace }),
  })
  const progress = createProgress(world.stderr, world.now)
  try {
    const result = await importTraces(client, {
      path,
      experiment: flags.experiment,
      signal,
      ...(flags.expectations === true ? { withExpectations: true } : {}),
      onProgress: ({ lines, failed }) => progress.update({ stage: 'import', done: lines, total: 0, failed }),
    })
    progress.close({ isComplete: true })
    report(result, flags, world)
    if (result.lines === 0) throw new CliError('The file holds no lines.', exitCodes.failed)
    return result.failed === 0 ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    progress.close({ isComplete: false })
    if (!signal.aborted) throw error
    world.stderr.write('Stopped. Run the same command again: traces that are there already are left as they are.\n')
    return exitCodes.interrupted
  }
}

const trackingEnvironment = environment.pick({ MLFLOW_TRACKING_URI: true, MLFLOW_WORKSPACE: true })

async function findTracking(
  flags: ImportFlags,
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

function report(result: ImportResult, flags: ImportFlags, world: World): void {
  if (flags.json === true) world.stdout.write(toJsonText(result))
  else {
    const { imported, unchanged, failed, spans, assessments, experimentId } = result
    const parts = [
      `${imported} imported`,
      ...(unchanged === 0 ? [] : [`${unchanged} there already`]),
      ...(failed === 0 ? [] : [`${failed} failed`]),
    ]
    world.stdout.write(
      `${parts.join(', ')} (${spans} spans, ${assessments} assessments) in experiment “${toLine(flags.experiment)}” (${toLine(experimentId)})\n`,
    )
  }
  for (const { line, message } of result.failures.slice(0, shownFailures)) {
    world.stderr.write(`${message.startsWith(`Line ${line}`) ? '' : `Line ${line}: `}${toLine(message)}\n`)
  }
  const more = result.failures.length - shownFailures
  if (more > 0) world.stderr.write(`… and ${more} more; --json lists all of them.\n`)
}
