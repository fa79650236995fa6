// The commands, their options and their help. What a command does is loaded when it is asked for, and not before.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { runStatuses, sampleMethods } from '#/pipeline/insight.ts'
import type { ClusterFlags } from './cluster-command.ts'
import { type ExitCode, exitCodes, findExit } from './exit.ts'
import type { ImportFlags } from './import-command.ts'
import type { CreateFlags, ExportFlags, ListFlags, ServiceFlags } from './insight-commands.ts'
import type { ActionName } from './lifecycle-commands.ts'
import type { RegisterFlags } from './prompts-command.ts'
import { toPrintable } from './terminal-text.ts'
import type { World } from './world.ts'

/** The seed of the service where a request names none; the same here, so that both give the same tree. */
const defaultSeed = 1

const exampleId = '7a88c1f0d2b94e5f8a3b6c7d9e0f1a2b'

/** Runs the command in the arguments (without the program's own name) and gives its exit code; never throws. */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode | 1> {
  let exitCode: ExitCode = exitCodes.ok
  const program = createProgram(world, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.unusable
    const exit = findExit(error)
    if (exit === undefined) {
      world.stderr.write(`An unexpected error, which is a mistake in this program:\n${describe(error)}\n`)
      return exitCodes.failed
    }
    world.stderr.write(`${toPrintable(exit.message)}\n`)
    return exit.exitCode
  }
}

function describe(error: unknown): string {
  return toPrintable(error instanceof Error ? (error.stack ?? error.message) : String(error))
}

function createProgram(world: World, leave: (code: ExitCode) => void): Command {
  const program = new Command('trace-insights')
    .description('Learn what is going on in thousands of LLM traces.')
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      getOutHelpWidth: () => world.stdout.columns ?? 100,
      getErrHelpWidth: () => world.stderr.columns ?? 100,
      getOutHasColors: () => world.stdout.hasColors,
      getErrHasColors: () => world.stderr.hasColors,
    })
    .showHelpAfterError('(add --help for what is possible)')
    .addHelpText(
      'after',
      `
Exit codes: 0 done · 1 the job failed, or what was asked for does not exist · 2 wrong usage, or nothing answers · 130 Ctrl-C
With --json, stdout holds JSON and nothing else.`,
    )
  addServe(program, world, leave)
  addCreate(program, world, leave)
  addReading(program, world, leave)
  addActions(program, world, leave)
  addImport(program, world, leave)
  addPrompts(program, world, leave)
  addCluster(program, world, leave)
  addConfig(program, world)
  return program
}

type Leave = (code: ExitCode) => void

function addServe(program: Command, world: World, leave: Leave): void {
  program
    .command('serve')
    .description('serve the UI and the API, as the environment says (see: trace-insights config)')
    .addHelpText('after', example('PORT=8080 trace-insights serve'))
    .action(async () => {
      const { serveCommand } = await import('./serve-command.ts')
      leave(await serveCommand(world))
    })
}

function addCreate(program: Command, world: World, leave: Leave): void {
  program
    .command('create')
    .description('ask a question of the traces of an experiment')
    .requiredOption('--experiment <name>', 'name (or id) of the experiment')
    .requiredOption('--instruction <text>', 'the question')
    .option('--filter <filter>', "MLflow's filter string; every trace where left out", '')
    .option('--max-traces <n>', 'at most so many traces', wholeNumber(1))
    .addOption(
      new Option('--sample <method>', 'how to choose when more match than --max-traces').choices(sampleMethods),
    )
    .option(
      '--stratify-by <key>',
      'tag, metadata key or feedback, or `state`, `session`, `user`, `hour`, `day`, `month`, for --sample stratified',
    )
    .option('--each <n>', 'so many of every kind of --stratify-by, as far as there are', wholeNumber(1))
    .option(
      '--share <kind=share>',
      'that part of --max-traces of one kind, such as refund=0.66; repeatable',
      gatherShare,
    )
    .option('--name <text>', 'name of the Insight; the question where left out')
    .option('--description <text>', 'a note for readers')
    .option('--seed <n>', 'the same traces and seed give the same hierarchy', wholeNumber(0))
    .addOption(
      new Option('--analyst <kind>', 'who reads the traces; the model where one is configured').choices([
        'builtin',
        'model',
      ]),
    )
    .addOption(new Option('--estimate', 'print what it would take, and create nothing').conflicts('watch'))
    .option('--watch', 'stay until it ends, then print it; Ctrl-C stops watching, not the job')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .addHelpText(
      'after',
      example(
        `trace-insights create --experiment support --instruction "What do customers need help with?" --filter "trace.status = 'OK'" --watch`,
      ),
    )
    .action(async (flags: CreateFlags) => {
      const { createCommand } = await import('./insight-commands.ts')
      leave(await createCommand(flags, world))
    })
}

function addReading(program: Command, world: World, leave: Leave): void {
  program
    .command('list')
    .description('list Insights, newest first')
    .option('--experiment <name>', 'only those of one experiment')
    .addOption(new Option('--status <status>', 'only those in one state').choices(runStatuses))
    .option('--search <text>', 'only those whose name, question or overview has these words')
    .option('--deleted', 'the deleted ones instead')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .addHelpText('after', example('trace-insights list --status FINISHED'))
    .action(async (flags: ListFlags) => {
      const { listCommand } = await import('./insight-commands.ts')
      leave(await listCommand(flags, world))
    })
  program
    .command('show')
    .description('print an Insight: its tree, what is outside of it, and the overview')
    .argument('<id>', 'id of the Insight')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .addHelpText('after', example(`trace-insights show ${exampleId}`))
    .action(async (id: string, flags: ServiceFlags & { json?: boolean }) => {
      const { showCommand } = await import('./insight-commands.ts')
      leave(await showCommand(id, flags, world))
    })
  program
    .command('export')
    .description('every trace of an Insight with its summary and cluster')
    .argument('<id>', 'id of the Insight')
    .addOption(new Option('--format <format>', 'format of the file').choices(['json', 'csv']).default('json'))
    .option('--out <file>', 'where to write; stdout where left out')
    .addOption(urlOption())
    .addHelpText('after', example(`trace-insights export ${exampleId} --format csv --out insight.csv`))
    .action(async (id: string, flags: ExportFlags) => {
      const { exportCommand } = await import('./insight-commands.ts')
      leave(await exportCommand(id, flags, world))
    })
}

const actions: Record<ActionName, string> = {
  cancel: 'stop a job; what is done is kept',
  resume: 'go on with a job that was cancelled or failed',
  'retry-failed': 'do the failed traces again, and nothing else; then the hierarchy with them',
  delete: 'delete softly, here and in MLflow; a job is stopped first',
  restore: 'bring a deleted Insight and its run back',
}

function addActions(program: Command, world: World, leave: Leave): void {
  for (const [name, description] of Object.entries(actions) as [ActionName, string][]) {
    program
      .command(name)
      .description(description)
      .argument('<id>', 'id of the Insight')
      .option('--json', 'print JSON')
      .addOption(urlOption())
      .addHelpText('after', example(`trace-insights ${name} ${exampleId}`))
      .action(async (id: string, flags: ServiceFlags & { json?: boolean }) => {
        const { actCommand } = await import('./lifecycle-commands.ts')
        leave(await actCommand(name, id, flags, world))
      })
  }
  program
    .command('recompute')
    .description('ask the question of an Insight again, of the traces as they are now: a new Insight')
    .argument('<id>', 'id of the Insight')
    .option('--name <text>', 'name of the new Insight; that of the old one where left out')
    .option('--watch', 'stay until it ends, then print it; Ctrl-C stops watching, not the job')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .addHelpText('after', example(`trace-insights recompute ${exampleId} --watch`))
    .action(async (id: string, flags: ServiceFlags & { json?: boolean; name?: string; watch?: boolean }) => {
      const { recomputeCommand } = await import('./lifecycle-commands.ts')
      leave(await recomputeCommand(id, flags, world))
    })
}

function addImport(program: Command, world: World, leave: Leave): void {
  program
    .command('import')
    .description('import a file of traces into MLFLOW_TRACKING_URI, or into the running service’s embedded store')
    .argument('<file>', 'JSON Lines, one trace a line; gzip is recognised')
    .requiredOption('--experiment <name>', 'name of the experiment; created where it is missing')
    .option('--expectations', 'import expectations too: they are the answer key')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .addHelpText('after', example('trace-insights import traces.jsonl.gz --experiment support'))
    .action(async (file: string, flags: ImportFlags) => {
      const { importCommand } = await import('./import-command.ts')
      leave(await importCommand(file, flags, world))
    })
}

function addPrompts(program: Command, world: World, leave: Leave): void {
  program
    .command('prompts')
    .description('the prompts of the model analyst')
    .command('register')
    .description(
      'put the built-in prompts into the Prompt Registry of MLFLOW_TRACKING_URI, or of the running service’s embedded store',
    )
    .option('--alias <name>', 'let this alias stand at them; INSIGHTS_PROMPT_ALIAS=<name> makes the service use it')
    .option('--json', 'print JSON')
    .addOption(urlOption())
    .addHelpText('after', example('trace-insights prompts register --alias production'))
    .action(async (flags: RegisterFlags) => {
      const { registerCommand } = await import('./prompts-command.ts')
      leave(await registerCommand(flags, world))
    })
}

function addCluster(program: Command, world: World, leave: Leave): void {
  program
    .command('cluster')
    .description('cluster any file of texts into a named hierarchy; needs no server, key or network')
    .argument(
      '<file>',
      'JSON Lines; gzip is recognised. The id of a line is its `id`, else `trace_id`, else its number',
    )
    .requiredOption('--text <field>', 'the field with the text; dots go inside: `labels.intent`')
    .requiredOption('--out <file>', 'where to write assignments and tree; `-` is stdout')
    .option('--embeddings <field>', 'the field with an array of numbers; made from the texts where left out')
    .addOption(
      new Option(
        '--into <file>',
        'an earlier output: keep its tree, and put the texts of this file that it has not into it; what fits nowhere is told',
      ).conflicts(['k', 'levels', 'minSize', 'map', 'compare', 'seed']),
    )
    .option('--k <n>', 'at most so many leaf clusters; found from the data where left out', wholeNumber(1))
    .option('--levels <n>', 'levels of the tree, 1 to 4; found from the data where left out', wholeNumber(1, 4))
    .option('--min-size <n>', 'no leaf cluster of fewer texts; 1 to 3 by their number where left out', wholeNumber(1))
    .option('--map', 'add a place on a map, x and y from -1 to 1, to every assignment')
    .option(
      '--compare <file>',
      'an earlier output: tell which clusters were kept, grew, shrank, split, merged, are new or gone',
    )
    .option('--seed <n>', 'the same file and seed give the same tree', wholeNumber(0), defaultSeed)
    .option('--json', 'print the tree as JSON')
    .addHelpText('after', example('trace-insights cluster questions.jsonl --text question --out clusters.json'))
    .action(async (file: string, flags: ClusterFlags) => {
      const { clusterCommand } = await import('./cluster-command.ts')
      leave(await clusterCommand(file, flags, world))
    })
}

function addConfig(program: Command, world: World): void {
  program
    .command('config')
    .description('print every environment variable, its default and its meaning, as a Markdown table')
    .addHelpText('after', example('trace-insights config'))
    .action(async () => {
      const { renderConfigTable } = await import('#/server/config.ts')
      world.stdout.write(renderConfigTable())
    })
}

function urlOption(): Option {
  return new Option('--url <url>', 'address of the running service; else INSIGHTS_URL, else http://127.0.0.1:5055')
}

function example(command: string): string {
  return `\nExample:\n  ${command}`
}

/** Parses `kind=share`, and puts it with those before. */
function gatherShare(text: string, before: Record<string, number> = {}): Record<string, number> {
  const at = text.lastIndexOf('=')
  const share = Number(text.slice(at + 1))
  if (at < 1 || !(share > 0 && share <= 1)) {
    throw new InvalidArgumentError('It must be a kind and its share of all, such as refund=0.66.')
  }
  return { ...before, [text.slice(0, at)]: share }
}

const largestSeed = 0xffff_ffff

/** Parses an option's value; commander adds the option's name to what is said of a wrong one. */
function wholeNumber(least: number, most: number = largestSeed): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(
      most === largestSeed
        ? `It must be a whole number of at least ${least}.`
        : `It must be a whole number from ${least} to ${most}.`,
    )
  }
}
