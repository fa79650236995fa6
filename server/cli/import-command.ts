// `import`: a file of traces into the tracking server, or into the running service's embedded store.
import { type ImportResult, importTraces } from '#/server/import/import-traces.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { createProgress } from './progress.ts'
import { toJsonText, toLine } from './terminal-text.ts'
import { openTrackingClient } from './tracking-client.ts'
import { interruptible, type World } from './world.ts'

export type ImportFlags = { url?: string; json?: boolean; experiment: string; expectations?: boolean }

const shownFailures = 10
/** Imports a file; may be run again, for traces that are complete are left as they are. */
export async function importCommand(path: string, flags: ImportFlags, world: World): Promise<ExitCode> {
  using interrupt = interruptible(world)
  const { signal } = interrupt
  const client = await openTrackingClient(flags, world, signal)
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
