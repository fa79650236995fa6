// `npm run mock:model`: the stand-in model on its own.
import { Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { type FaultKind, faultKinds, spreadEvenly } from './faults.ts'
import { defaultOptions, refusable } from './options.ts'
import { startModelServer } from './server.ts'

function parseNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number from 0 up.')
  return value
}

function parseRate(text: string): number {
  const value = parseNumber(text)
  if (value > 1) throw new InvalidArgumentError('A rate is a share from 0 to 1.')
  return value
}

const faultTexts: Record<FaultKind, string> = {
  rate_limit: 'status 429 without Retry-After',
  rate_limit_after: 'status 429 with Retry-After',
  error_500: 'status 500',
  error_503: 'status 503 with Retry-After',
  malformed: 'broken JSON',
  truncated: 'an answer cut in half, finish reason "length"',
  refusal: 'a refusal instead of an answer',
  content_filter: 'an empty answer, finish reason "content_filter"',
  wrong_schema: 'valid JSON of another shape',
  reset: 'the connection is dropped',
  hang: 'no answer ever',
}

const program = new Command('mock:model')
  .description(
    'A stand-in for an OpenAI-compatible model: chat completions (JSON schema, streaming), embeddings and models. ' +
      'It answers by extraction from the prompt, and fails on request. Point OPENAI_BASE_URL at it.',
  )
  .option('--port <number>', 'port to listen on; 0 takes a free one', parseNumber, 5077)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--latency <ms>', 'milliseconds before an answer begins', parseNumber, defaultOptions.latencyMs)
  .option(
    '--tokens-per-second <number>',
    'how fast it writes; 0 is at once',
    parseNumber,
    defaultOptions.tokensPerSecond,
  )
  .option('--seed <number>', 'decides which requests fail', parseNumber, defaultOptions.seed)
  .option('--faults <rate>', 'share of requests that fail, spread evenly over all faults below', parseRate, 0)
for (const kind of faultKinds) {
  program.option(
    `--${kind.replaceAll('_', '-')} <rate>`,
    `share of requests with this fault: ${faultTexts[kind]}`,
    parseRate,
  )
}
program
  .option('--retry-after <ms>', 'what Retry-After asks for', parseNumber, defaultOptions.retryAfterMs)
  .addOption(new Option('--refuse <names...>', 'request parameters and formats it does not know').choices(refusable))
  .option('--chatty', 'takes a schema, then wraps its JSON in Markdown all the same')
  .option('--max-input-tokens <number>', 'longer prompts are refused', parseNumber, defaultOptions.maxInputTokens)
  .option('--api-key <key>', 'the key that must be given; none lets everybody in')
  .option('--models <names...>', 'the models there are; none knows every name')
  .addHelpText(
    'after',
    '\nWhile it runs: GET /control shows options and counts, POST /control changes options (JSON, such as ' +
      '{"latencyMs":50,"faults":{"rate_limit":0.2}}), POST /control/reset forgets the calls.',
  )
  .parse()

const Flags = z.looseObject({
  port: z.number(),
  host: z.string(),
  latency: z.number(),
  tokensPerSecond: z.number(),
  seed: z.number(),
  faults: z.number(),
  retryAfter: z.number(),
  refuse: z.array(z.enum(refusable)).optional(),
  chatty: z.boolean().optional(),
  maxInputTokens: z.number(),
  apiKey: z.string().optional(),
  models: z.array(z.string()).optional(),
})

try {
  const flags = Flags.parse(program.opts())
  const single = faultKinds.flatMap((kind) => {
    const rate = flags[kind.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]
    return typeof rate === 'number' ? [[kind, rate] as const] : []
  })
  const server = await startModelServer({
    port: flags.port,
    host: flags.host,
    latencyMs: flags.latency,
    tokensPerSecond: flags.tokensPerSecond,
    seed: flags.seed,
    faults: { ...(flags.faults > 0 ? spreadEvenly(flags.faults) : {}), ...Object.fromEntries(single) },
    retryAfterMs: flags.retryAfter,
    refuses: flags.refuse ?? [],
    isChatty: flags.chatty ?? false,
    maxInputTokens: flags.maxInputTokens,
    apiKey: flags.apiKey ?? '',
    models: flags.models ?? [],
  })
  console.log(`Stand-in model at ${server.url} (set OPENAI_BASE_URL to it). Stop it with Ctrl-C.`)
  const stop = () => void server.close().then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
} catch (error) {
  console.error(`The stand-in cannot start: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
