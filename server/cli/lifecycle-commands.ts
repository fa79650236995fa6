// The commands that change an Insight that is there: stop it, go on, do parts or all of it again, delete it, restore it.
import { CreatedAnswer, InsightAnswer } from '#/server/api/schemas/insights.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { printOrWatch, type ServiceFlags } from './insight-commands.ts'
import { createServiceClient } from './service-client.ts'
import { toJsonText, toLine } from './terminal-text.ts'
import type { World } from './world.ts'

type ActionFlags = ServiceFlags & { json?: boolean }
type Action = { method: 'POST' | 'DELETE'; path: string; tell: (insight: InsightAnswer) => string }

const forever = new AbortController().signal

const nameOf = ({ name }: InsightAnswer): string => `“${toLine(name)}”`
const goesOn = ({ id }: InsightAnswer): string => `See it with: trace-insights show ${toLine(id)}`

const actions = {
  cancel: {
    method: 'POST',
    path: '/cancel',
    tell: (insight) =>
      `Cancelled ${nameOf(insight)}. ${insight.counts.summarized} of ${insight.counts.selected} traces are summarized; that is kept.`,
  },
  resume: { method: 'POST', path: '/resume', tell: (insight) => `${nameOf(insight)} goes on. ${goesOn(insight)}` },
  'retry-failed': {
    method: 'POST',
    path: '/retry-failed',
    tell: (insight) => `The failed traces of ${nameOf(insight)} are done again. ${goesOn(insight)}`,
  },
  delete: {
    method: 'DELETE',
    path: '',
    tell: (insight) => `Deleted ${nameOf(insight)}. Bring it back with: trace-insights restore ${toLine(insight.id)}`,
  },
  restore: { method: 'POST', path: '/restore', tell: (insight) => `Restored ${nameOf(insight)}.` },
} satisfies Record<string, Action>

export type ActionName = keyof typeof actions

/** Does one thing to an Insight and says what came of it. */
export async function actCommand(name: ActionName, id: string, flags: ActionFlags, world: World): Promise<ExitCode> {
  const { method, path, tell }: Action = actions[name]
  const client = createServiceClient(world, flags)
  const address = `/insights/${encodeURIComponent(id)}${path}`
  const options = { signal: forever }
  const insight =
    method === 'POST'
      ? await client.post(InsightAnswer, address, undefined, options)
      : await client.delete(InsightAnswer, address, options)
  world.stdout.write(flags.json === true ? toJsonText(insight) : `${tell(insight)}\n`)
  return exitCodes.ok
}

/** Asks the question of an Insight again, of the traces as they are now: a new Insight. */
export async function recomputeCommand(
  id: string,
  flags: ActionFlags & { name?: string; watch?: boolean },
  world: World,
): Promise<ExitCode> {
  const client = createServiceClient(world, flags)
  const body = flags.name === undefined ? {} : { name: flags.name }
  const path = `/insights/${encodeURIComponent(id)}/recompute`
  const created = await client.post(CreatedAnswer, path, body, { signal: forever })
  return await printOrWatch(client, created.id, flags, world)
}
