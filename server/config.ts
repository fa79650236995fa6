// What can be set from outside. The README's table is printed from here: `npm run docs:config`.
import { isIP } from 'node:net'
import { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'
import type { CustomPattern } from '#/pipeline/redact/redactor.ts'
import { toFindPlaces } from './linear-pattern.ts'
import { listPrices, PriceSchema, type Prices } from './model/prices.ts'

const url = (protocols: readonly string[], example: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL such as ${example}`,
    )
    .transform((text) => text.replace(/\/+$/, ''))

const web = (example: string) => url(['http:', 'https:'], example)
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, `must be one of ${words.join(', ')}`)

const patterns = z.string().transform((text, context): CustomPattern[] => {
  const complain = (message: string): CustomPattern[] => {
    context.addIssue({ code: 'custom', message })
    return []
  }
  const parsed = PatternMap.safeParse(parseJson(text))
  if (!parsed.success) return complain('must be a JSON object of names (a-z, 0-9, -) and regular expressions')
  return Object.entries(parsed.data).flatMap(([name, source]) => {
    try {
      return [{ name, find: toFindPlaces(source) }]
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : ''
      return complain(`has a pattern, ${name}, that cannot be used: ${reason}. ${whatIsKnown}`)
    }
  })
})
const whatIsKnown =
  'All of RE2 is known; looking around (`(?=`, `(?<!`) and back references are not, for they may take forever'
const PatternMap = z.record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), z.string().min(1).max(1_000))

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Every variable, in the order of the README's table. `meta.unset` tells what happens without it where no default does. */
export const environment = z.object({
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address we listen on. Any but loopback needs `INSIGHTS_AUTH=mlflow`.'),
  PORT: wholeNumber(0, 65_535).default(5055).describe('The port we listen on; `0` takes a free one.'),
  MLFLOW_TRACKING_URI: web('http://127.0.0.1:5000')
    .optional()
    .describe('The MLflow tracking server to read traces from and to write Insights to.')
    .meta({ unset: 'the embedded store with sample traces' }),
  MLFLOW_TRACKING_USERNAME: z.string().optional().describe('User for basic authentication, with the password.'),
  MLFLOW_TRACKING_PASSWORD: z.string().optional().describe('Password for basic authentication, with the user.'),
  MLFLOW_TRACKING_TOKEN: z.string().optional().describe('Bearer token; wins over user and password.'),
  MLFLOW_WORKSPACE: z.string().optional().describe('Workspace of the tracking server, where it has workspaces.'),
  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/insights')
    .optional()
    .describe('PostgreSQL for jobs, checkpoints and results; what several processes share.')
    .meta({ unset: 'embedded PostgreSQL in the data folder' }),
  INSIGHTS_DATA_DIR: z
    .string()
    .default('./.insights')
    .describe("The embedded parts' folder; one process at a time may use it."),
  OPENAI_API_KEY: z
    .string()
    .optional()
    .describe('Key of an OpenAI-compatible endpoint.')
    .meta({ unset: 'with no base URL either, the built-in analyst: no key, no network' }),
  OPENAI_BASE_URL: web('https://api.openai.com/v1')
    .optional()
    .describe("Any OpenAI-compatible endpoint, MLflow's AI Gateway (`<tracking server>/gateway/mlflow/v1`) included.")
    .meta({ unset: "OpenAI's own, when a key is set" }),
  INSIGHTS_MODEL: z.string().default('gpt-5-mini').describe('The thinking model: names, overview, answers.'),
  INSIGHTS_REASONING_EFFORT: oneOf(['minimal', 'low', 'medium', 'high'])
    .default('medium')
    .describe('How long the thinking model may think: `minimal`, `low`, `medium` or `high`.'),
  INSIGHTS_SUMMARY_MODEL: z
    .string()
    .optional()
    .describe('The model that summarizes each trace, where a cheaper one serves.')
    .meta({ unset: 'same as `INSIGHTS_MODEL`' }),
  INSIGHTS_EMBEDDING_MODEL: z
    .string()
    .default('text-embedding-3-small')
    .describe('The embedding model, or `builtin` to embed without a model.'),
  INSIGHTS_PRICES: z
    .string()
    .transform(parseJson)
    .pipe(z.record(z.string().toLowerCase(), PriceSchema, 'must be JSON such as {"my-model":{"input":0.5,"output":2}}'))
    .optional()
    .describe(
      'What models cost in USD per million tokens, as JSON: `{"my-model":{"input":0.5,"cached_input":0.05,"output":2}}`. Wins over the list prices we know.',
    )
    .meta({ unset: 'list prices of OpenAI’s models' }),
  INSIGHTS_PROMPT_ALIAS: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,255}$/, 'must consist of letters, digits, _ and -')
    .refine((alias) => !/^(latest|v\d+)$/i.test(alias), 'must not be a name that MLflow keeps for itself')
    .optional()
    .describe(
      "The alias of the prompts in MLflow's Prompt Registry that are used in place of the built-in ones; see [prompts](docs/prompts.md).",
    )
    .meta({ unset: 'the built-in prompts' }),
  INSIGHTS_CONCURRENCY: wholeNumber(1, 256)
    .optional()
    .describe(
      'Model calls at once, at most, of all processes on one database together; fewer while the model is overloaded.',
    )
    .meta({ unset: 'adaptive: starts at 3, at most 32' }),
  INSIGHTS_REQUESTS_PER_MINUTE: wholeNumber(1, 10_000_000)
    .optional()
    .describe('Model calls in a minute, at most, of all processes together.')
    .meta({ unset: 'as many as the model bears' }),
  INSIGHTS_TOKENS_PER_MINUTE: wholeNumber(1_000, 1_000_000_000)
    .optional()
    .describe('Tokens in a minute, at most, read and written, of all processes together.')
    .meta({ unset: 'as many as the model bears' }),
  INSIGHTS_MODE: oneOf(['all', 'web', 'worker'])
    .default('all')
    .describe('`web` serves, `worker` computes, `all` does both. The first two need `DATABASE_URL`.'),
  INSIGHTS_AUTH: oneOf(['none', 'mlflow'])
    .optional()
    .describe("`mlflow` passes the caller's own credentials on to the tracking server; `none` lets anybody in.")
    .meta({ unset: '`none` on loopback, else `mlflow`' }),
  INSIGHTS_CACHE_DAYS: wholeNumber(0, 3_650)
    .default(90)
    .describe(
      'How long an answer of the model is kept after its last use, for Insights that ask the same; `0` keeps none.',
    ),
  INSIGHTS_REDACTION: oneOf(['on', 'off'])
    .default('on')
    .describe('Masks personal data and secrets in traces before they are read; see [privacy](docs/privacy.md).'),
  INSIGHTS_REDACTION_PATTERNS: patterns
    .optional()
    .describe(
      'What else to mask: a JSON object of names and regular expressions (RE2), `{"employee":"EMP-\\\\d{6}"}`.',
    ),
  LOG_LEVEL: oneOf(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('The least severe log line that is written.'),
})

type Environment = z.infer<typeof environment>

/** The environment as the program uses it: grouped, complete, checked. */
export type Config = {
  host: string
  port: number
  auth: 'none' | 'mlflow'
  mode: 'all' | 'web' | 'worker'
  logLevel: Environment['LOG_LEVEL']
  dataDir: string
  /** `undefined`: the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  tracking: {
    /** `undefined`: the embedded tracking store in `dataDir`. */
    uri: string | undefined
    username: string | undefined
    password: string | undefined
    token: string | undefined
    workspace: string | undefined
  }
  redaction: { isOn: boolean; patterns: CustomPattern[] }
  /** Days; 0 for no cache. */
  cacheDays: number
  model: {
    /** False without key and base URL: the built-in analyst then does everything. */
    isConfigured: boolean
    apiKey: string | undefined
    baseUrl: string | undefined
    thinking: string
    reasoningEffort: Environment['INSIGHTS_REASONING_EFFORT']
    summary: string
    /** A model's name, or `builtin`. */
    embedding: string
    /** `undefined`: the built-in prompts. */
    promptAlias: string | undefined
    /** Calls at once, at most; `undefined` finds the limit by itself. */
    concurrency: number | undefined
    /** What was configured, then the list prices. */
    prices: Prices
    requestsPerMinute: number | undefined
    tokensPerMinute: number | undefined
  }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/**
 * The configuration in an environment. A blank value counts as unset and surrounding spaces are dropped.
 * Throws `config.invalid`, which lists every variable that is wrong and what to do about it.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set: Record<string, string> = {}
  for (const name of Object.keys(environment.shape)) {
    const value = env[name]?.trim()
    if (value !== undefined && value !== '') set[name] = value
  }
  const parsed = environment.safeParse(set)
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })))
  }
  const values = parsed.data
  const problems = findContradictions(values)
  if (problems.length > 0) throw invalid(problems)
  return {
    host: values.HOST,
    port: values.PORT,
    auth: values.INSIGHTS_AUTH ?? (isLoopback(values.HOST) ? 'none' : 'mlflow'),
    mode: values.INSIGHTS_MODE,
    logLevel: values.LOG_LEVEL,
    dataDir: values.INSIGHTS_DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    tracking: {
      uri: values.MLFLOW_TRACKING_URI,
      username: values.MLFLOW_TRACKING_USERNAME,
      password: values.MLFLOW_TRACKING_PASSWORD,
      token: values.MLFLOW_TRACKING_TOKEN,
      workspace: values.MLFLOW_WORKSPACE,
    },
    cacheDays: values.INSIGHTS_CACHE_DAYS,
    redaction: { isOn: values.INSIGHTS_REDACTION === 'on', patterns: values.INSIGHTS_REDACTION_PATTERNS ?? [] },
    model: {
      isConfigured: values.OPENAI_API_KEY !== undefined || values.OPENAI_BASE_URL !== undefined,
      apiKey: values.OPENAI_API_KEY,
      baseUrl: values.OPENAI_BASE_URL,
      thinking: values.INSIGHTS_MODEL,
      reasoningEffort: values.INSIGHTS_REASONING_EFFORT,
      summary: values.INSIGHTS_SUMMARY_MODEL ?? values.INSIGHTS_MODEL,
      embedding: values.INSIGHTS_EMBEDDING_MODEL,
      promptAlias: values.INSIGHTS_PROMPT_ALIAS,
      concurrency: values.INSIGHTS_CONCURRENCY,
      prices: { ...listPrices, ...values.INSIGHTS_PRICES },
      requestsPerMinute: values.INSIGHTS_REQUESTS_PER_MINUTE,
      tokensPerMinute: values.INSIGHTS_TOKENS_PER_MINUTE,
    },
  }
}

type Problem = { path: string; message: string }

/** Values that are right one by one and wrong together. */
function findContradictions(values: Environment): Problem[] {
  const problems: Problem[] = []
  if (!isLoopback(values.HOST) && values.INSIGHTS_AUTH === 'none') {
    problems.push({
      path: 'INSIGHTS_AUTH',
      message:
        `must not be none while HOST is ${values.HOST}: anybody who can reach that address could read every trace. ` +
        'Set INSIGHTS_AUTH=mlflow, or HOST=127.0.0.1.',
    })
  }
  if (!isLoopback(values.HOST) && values.INSIGHTS_AUTH !== 'none' && values.MLFLOW_TRACKING_URI === undefined) {
    problems.push({
      path: 'MLFLOW_TRACKING_URI',
      message:
        `is missing while HOST is ${values.HOST}: callers are checked by the tracking server, and the embedded store lets ` +
        'anybody in. Set MLFLOW_TRACKING_URI, or HOST=127.0.0.1.',
    })
  }
  if (values.INSIGHTS_MODE !== 'all' && values.DATABASE_URL === undefined) {
    problems.push({
      path: 'INSIGHTS_MODE',
      message: `is ${values.INSIGHTS_MODE}, but the embedded database serves one process only. Set DATABASE_URL, or INSIGHTS_MODE=all.`,
    })
  }
  if (values.MLFLOW_TRACKING_PASSWORD !== undefined && values.MLFLOW_TRACKING_USERNAME === undefined) {
    problems.push({
      path: 'MLFLOW_TRACKING_USERNAME',
      message: 'is missing: MLFLOW_TRACKING_PASSWORD is set, and one needs the other.',
    })
  }
  return problems
}

function invalid(problems: readonly Problem[]): AppError {
  const lines = problems.map(({ path, message }) => `  ${path} ${message}`)
  return new AppError('config.invalid', `The configuration cannot be used:\n${lines.join('\n')}`, { fields: problems })
}

/** The README's table of variables, in Markdown. */
export function renderConfigTable(): string {
  const rows = Object.entries(environment.shape).map(([name, schema]) => {
    const meta = schema.meta() as { description?: string; unset?: string } | undefined
    const byDefault = schema.safeParse(undefined).data
    const isWord = typeof byDefault === 'string' || typeof byDefault === 'number'
    const shown = isWord ? `\`${byDefault}\`` : (meta?.unset ?? 'none')
    return `| \`${name}\` | ${shown} | ${meta?.description ?? ''} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}
