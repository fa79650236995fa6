// `serve`: the service in this process, until it is told to stop.
import { parseConfig } from '#/server/config.ts'
import { startService } from '#/server/main.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { interruptible, type World } from './world.ts'

/** Serves UI and API as the environment says, and ends with Ctrl-C. */
export async function serveCommand(world: World): Promise<ExitCode> {
  const service = await startService(parseConfig(world.env))
  using interrupt = interruptible(world)
  if (service.url !== '') world.stdout.write(`\n  Trace Insights is ready: ${service.url}\n\n`)
  await new Promise<void>((resolve) => {
    interrupt.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await service.close()
  return exitCodes.ok
}
