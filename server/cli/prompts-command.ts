// `prompts register`: the built-in prompts into MLflow's Prompt Registry, to be changed there.
import { registerPrompts } from '#/server/insights/prompts.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { toJsonText, toLine } from './terminal-text.ts'
import { openTrackingClient } from './tracking-client.ts'
import { interruptible, type World } from './world.ts'

export type RegisterFlags = { url?: string; json?: boolean; alias?: string }

/** May be run again: a prompt whose newest version says the same gets no new one. */
export async function registerCommand(flags: RegisterFlags, world: World): Promise<ExitCode> {
  using interrupt = interruptible(world)
  const { signal } = interrupt
  const client = await openTrackingClient(flags, world, signal)
  const registered = await registerPrompts(client, { alias: flags.alias }, { signal })
  if (flags.json === true) {
    world.stdout.write(
      toJsonText(
        registered.map(({ name, version, isNew, was }) => ({
          name,
          version,
          is_new: isNew,
          ...(flags.alias === undefined ? {} : { alias: flags.alias }),
          ...(was === undefined ? {} : { alias_before: was }),
        })),
      ),
    )
    return exitCodes.ok
  }
  for (const { name, version, isNew, was } of registered) {
    const alias = flags.alias === undefined ? '' : `, ${flags.alias}${moved(was, version)}`
    world.stdout.write(`${toLine(name)} version ${toLine(version)} (${isNew ? 'new' : 'unchanged'}${toLine(alias)})\n`)
  }
  return exitCodes.ok
}

/** An alias that stood at another version, perhaps one with somebody's own words: they must be able to find it again. */
function moved(was: string | undefined, version: string): string {
  return was === undefined || was === version ? '' : `, which was at version ${was}`
}
