// The commands that act on Insights through the running service.
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type SampleMethod, type Stage, stages } from '#/pipeline/insight.ts'
import { ClustersAnswer } from '#/server/api/schemas/clusters.ts'
import { EstimateAnswer } from '#/server/api/schemas/estimate.ts'
import { type InsightEvent } from '#/server/api/schemas/events.ts'
import { CreatedAnswer, InsightAnswer, InsightList, type InsightRow } from '#/server/api/schemas/insights.ts'
import { CreateInsightBody } from '#/server/api/schemas/requests.ts'
import { type ExperimentAnswer, ExperimentList } from '#/server/api/schemas/traces.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { createProgress, type ProgressDisplay, type ProgressState } from './progress.ts'
import { renderEstimate } from './render-estimate.ts'
import { renderInsight, renderList } from './render-insight.ts'
import { createServiceClient, type ServiceClient } from './service-client.ts'
import { escapeJson, toJsonText, toLine, toPrintable } from './terminal-text.ts'
import { watchInsight } from './watch.ts'
import { interruptible, styleOf, textColumns, type World } from './world.ts'

export type ServiceFlags = { url?: string }
type JsonFlag = { json?: boolean }
type WatchFlags = JsonFlag & { watch?: boolean }

export type CreateFlags = ServiceFlags &
  WatchFlags & {
    experiment: string
    instruction: string
    filter: string
    maxTraces?: number
    sample?: SampleMethod
    stratifyBy?: string
    each?: number
    share?: Record<string, number>
    name?: string
    description?: string
    seed?: number
    analyst?: 'builtin' | 'model'
    estimate?: boolean
  }

const forever = new AbortController().signal
const pageSize = 200

/** Creates an Insight; with `--watch`, stays until it ends and shows it. With `--estimate`, tells what it would take instead. */
export async function createCommand(flags: CreateFlags, world: World): Promise<ExitCode> {
  const client = createServiceClient(world, flags)
  const experiment = await findExperiment(client, flags.experiment)
  const body = toCreateBody(flags, experiment.id)
  if (flags.estimate === true) return await printEstimate(client, body, flags, world)
  const { id } = await client.post(CreatedAnswer, '/insights', body, { signal: forever })
  return await printOrWatch(client, id, flags, world)
}

async function printEstimate(
  client: ServiceClient,
  body: CreateInsightBody,
  flags: JsonFlag,
  world: World,
): Promise<ExitCode> {
  const estimate = await client.post(EstimateAnswer, '/insights/estimate', body, { signal: forever })
  world.stdout.write(
    flags.json === true
      ? toJsonText(estimate)
      : renderEstimate(estimate, { columns: world.stdout.columns ?? Infinity, style: styleOf(world.stdout) }),
  )
  return exitCodes.ok
}

/** What is said of an Insight that was just made: its id alone, or with `--watch` all of it once it has ended. */
export async function printOrWatch(
  client: ServiceClient,
  id: string,
  flags: WatchFlags,
  world: World,
): Promise<ExitCode> {
  if (flags.watch === true) return watchToEnd(client, id, flags, world)
  world.stdout.write(flags.json === true ? toJsonText({ id }) : `${toLine(id)}\n`)
  if (flags.json !== true) world.stderr.write(`Scheduled. See it with: trace-insights show ${toLine(id)}\n`)
  return exitCodes.ok
}

function toCreateBody(flags: CreateFlags, experimentId: string): CreateInsightBody {
  const options = {
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.analyst === undefined ? {} : { analyst: flags.analyst }),
  }
  const body = CreateInsightBody.safeParse({
    experiment_id: experimentId,
    instruction: flags.instruction,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.description === undefined ? {} : { description: flags.description }),
    scope: {
      filter: flags.filter,
      ...(flags.maxTraces === undefined ? {} : { max_traces: flags.maxTraces }),
      ...(flags.sample === undefined ? {} : { sample: flags.sample }),
      ...(flags.stratifyBy === undefined ? {} : { stratify_by: flags.stratifyBy }),
      ...(flags.each === undefined ? {} : { targets: { each: flags.each } }),
      ...(flags.share === undefined ? {} : { targets: { shares: flags.share } }),
    },
    ...(Object.keys(options).length === 0 ? {} : { options }),
  })
  if (body.success) return body.data
  const [issue] = body.error.issues
  throw new CliError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be used'}`, exitCodes.unusable)
}

async function watchToEnd(client: ServiceClient, id: string, flags: JsonFlag, world: World): Promise<ExitCode> {
  using interrupt = interruptible(world)
  const { signal } = interrupt
  const progress = createProgress(world.stderr, world.now)
  world.stderr.write(`Insight ${toLine(id)}\n`)
  try {
    const status = await watchInsight(client, id, {
      signal,
      sleep: world.sleep,
      onEvent: createEventDisplay(progress),
    })
    progress.close({ isComplete: status === 'FINISHED' })
    await printInsight(client, id, flags, { world, signal })
    return status === 'FINISHED' ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    progress.close({ isComplete: false })
    const later = `See it with: trace-insights show ${toLine(id)}. Stop it with: trace-insights cancel ${toLine(id)}.`
    if (signal.aborted) {
      world.stderr.write(`Stopped watching; the job goes on. ${later}\n`)
      return exitCodes.interrupted
    }
    world.stderr.write(`Cannot watch any more; the job itself is not affected. ${later}\n`)
    throw error
  }
}

/** Shows events as they come. A newcomer is told the state first and what led to it after: the display never goes back. */
function createEventDisplay(progress: ProgressDisplay): (event: InsightEvent) => void {
  let latest = { stage: -1, done: 0 }
  const update = (state: ReturnType<typeof toState>): void => {
    const at = { stage: stages.indexOf(state.stage), done: state.done }
    if (at.stage < latest.stage || (at.stage === latest.stage && at.done < latest.done)) return
    latest = at
    progress.update(state)
  }
  return (event) => {
    switch (event.type) {
      case 'state': {
        const { progress: current, status, counts } = event.insight
        if (status === 'RUNNING' && current !== undefined) update({ ...toState(current), failed: counts.failed })
        break
      }
      case 'stage':
        update({ stage: event.stage, done: 0, total: event.total })
        break
      case 'progress':
        update({ ...toState(event), failed: event.failed })
        break
      case 'waiting':
      case 'log':
        progress.note(event.message)
        break
      case 'summary':
      case 'failure':
      case 'clusters':
      case 'end':
        break
    }
  }
}

function toState(progress: NonNullable<InsightAnswer['progress']>): ProgressState & { stage: Stage } {
  const { stage, done, total, rate_per_s: rate, eta_s: eta } = progress
  return {
    stage,
    done,
    total,
    ...(rate === undefined ? {} : { ratePerS: rate }),
    ...(eta === undefined ? {} : { etaS: eta }),
  }
}

async function printInsight(
  client: ServiceClient,
  id: string,
  flags: JsonFlag,
  { world, signal }: { world: World; signal: AbortSignal },
): Promise<void> {
  const path = `/insights/${encodeURIComponent(id)}`
  const insight = await client.get(InsightAnswer, path, { signal })
  const hierarchy = await client.get(ClustersAnswer, `${path}/clusters`, { signal })
  world.stdout.write(
    flags.json === true
      ? toJsonText({ insight, hierarchy })
      : renderInsight(insight, hierarchy, { columns: textColumns(world.stdout), style: styleOf(world.stdout) }),
  )
}

/** Prints one Insight, whatever its state. */
export async function showCommand(id: string, flags: ServiceFlags & JsonFlag, world: World): Promise<ExitCode> {
  await printInsight(createServiceClient(world, flags), id, flags, { world, signal: forever })
  return exitCodes.ok
}

export type ListFlags = ServiceFlags &
  JsonFlag & { experiment?: string; status?: string; search?: string; deleted?: boolean; limit: number }

/** Prints the newest Insights first; none at all is an answer too. */
export async function listCommand(flags: ListFlags, world: World): Promise<ExitCode> {
  const client = createServiceClient(world, flags)
  const experiment = flags.experiment === undefined ? undefined : await findExperiment(client, flags.experiment)
  const rows: InsightRow[] = []
  let token: string | undefined
  do {
    const page = await client.get(InsightList, '/insights', {
      signal: forever,
      query: {
        page_size: Math.min(pageSize, flags.limit - rows.length),
        page_token: token,
        experiment_id: experiment?.id,
        status: flags.status,
        search: flags.search,
        deleted: flags.deleted === true ? 'true' : undefined,
      },
    })
    rows.push(...page.items)
    token = page.next_page_token
  } while (token !== undefined && rows.length < flags.limit)
  if (flags.json === true) world.stdout.write(toJsonText({ items: rows }))
  else if (rows.length > 0) {
    world.stdout.write(renderList(rows, { columns: world.stdout.columns ?? Infinity, style: styleOf(world.stdout) }))
  } else if (flags.deleted === true) world.stderr.write('There are no deleted Insights.\n')
  else world.stderr.write('There are no Insights here yet. Make one with: trace-insights create --help\n')
  if (token !== undefined) world.stderr.write(`There are more; raise --limit (${flags.limit}) to see them.\n`)
  return exitCodes.ok
}

export type ExportFlags = ServiceFlags & { format: 'json' | 'csv'; out?: string }

/** Every trace of an Insight with its summary and cluster, to a file or to the output. */
export async function exportCommand(id: string, flags: ExportFlags, world: World): Promise<ExitCode> {
  const client = createServiceClient(world, flags)
  const answer = await client.open(`/insights/${encodeURIComponent(id)}/export`, {
    query: { format: flags.format },
    signal: forever,
  })
  if (answer.body === null) throw new CliError('The export is empty.', exitCodes.failed)
  if (flags.out === undefined || flags.out === '-') {
    await copyToOutput(answer.body, flags.format, world)
    return exitCodes.ok
  }
  // Whole or not at all: a file that stops in the middle looks like a small export.
  const part = `${flags.out}.part`
  try {
    await pipeline(answer.body, createWriteStream(part))
    await rename(part, flags.out)
  } catch (error) {
    await rm(part, { force: true })
    throw toExportError(error, flags.out)
  }
  world.stderr.write(`Written to ${toLine(flags.out)}\n`)
  return exitCodes.ok
}

async function copyToOutput(body: ReadableStream<Uint8Array>, format: 'json' | 'csv', world: World): Promise<void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // A file gets the text as it is; a terminal must not be moved by it.
  const clean = format === 'json' ? escapeJson : toPrintable
  try {
    for await (const chunk of body) {
      world.stdout.write(world.stdout.isTty ? clean(decoder.decode(chunk, { stream: true })) : chunk)
    }
  } catch (error) {
    throw toExportError(error, 'the output')
  }
}

function toExportError(error: unknown, target: string): CliError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const isFile = code !== undefined && /^E[A-Z]+$/.test(code) && code !== 'ECONNRESET'
  return isFile
    ? new CliError(`${toLine(target)} cannot be written (${code}).`, exitCodes.unusable, { cause: error })
    : new CliError('The connection broke before the export was complete; ask again.', exitCodes.unusable, {
        cause: error,
      })
}

/** The experiment of that name, else of that id. */
async function findExperiment(client: ServiceClient, nameOrId: string): Promise<ExperimentAnswer> {
  const seen: ExperimentAnswer[] = []
  let token: string | undefined
  do {
    const page = await client.get(ExperimentList, '/experiments', {
      signal: forever,
      query: { page_size: pageSize, page_token: token },
    })
    const named = page.items.find(({ name }) => name === nameOrId)
    if (named !== undefined) return named
    seen.push(...page.items)
    token = page.next_page_token
  } while (token !== undefined)
  const byId = seen.find(({ id }) => id === nameOrId)
  if (byId !== undefined) return byId
  const names = seen.slice(0, 10).map(({ name }) => `  ${toLine(name)}`)
  const known = names.length === 0 ? '' : ` There are:\n${names.join('\n')}${seen.length > 10 ? '\n  …' : ''}`
  throw new CliError(`There is no experiment “${toLine(nameOrId)}”.${known}`, exitCodes.failed)
}
