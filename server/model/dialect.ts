// What an endpoint understands is found out by asking, and remembered for each model: servers that call themselves
// OpenAI-compatible differ in what they refuse.
import { APIError } from 'openai'
import { messageOf } from './model-error.ts'

const formats = ['json_schema', 'json_object', 'text'] as const
export type Format = (typeof formats)[number]

export type Dialect = {
  format: Format
  tokenParameter: 'max_completion_tokens' | 'max_tokens' | 'none'
  sendsReasoningEffort: boolean
  sendsTemperature: boolean
  sendsSeed: boolean
  sendsEncodingFormat: boolean
  /** Whether an answer has ever fitted a schema that the prompt did not show, and how many have not. */
  hasKeptSchema: boolean
  ignoredSchemas: number
}

/** Dialects by model; of one endpoint, or shared by everything that talks to it. */
export type Dialects = (model: string) => Dialect

/** The first guess goes by the name: models that think take an effort and no temperature, others the reverse. */
export function createDialects(): Dialects {
  const known = new Map<string, Dialect>()
  return (model) => {
    const dialect = known.get(model) ?? {
      format: 'json_schema',
      tokenParameter: 'max_completion_tokens',
      sendsReasoningEffort: !isPlainModel(model),
      sendsTemperature: !isThinkingModel(model),
      sendsSeed: true,
      sendsEncodingFormat: true,
      hasKeptSchema: false,
      ignoredSchemas: 0,
    }
    known.set(model, dialect)
    return dialect
  }
}

export function isThinkingModel(model: string): boolean {
  return /(^|\/)(o\d|gpt-[5-9]|gpt-oss)/i.test(model)
}

function isPlainModel(model: string): boolean {
  return /(^|\/)(gpt-4|gpt-3|chatgpt-4)/i.test(model)
}

/** So many first answers without one that fits are a server that takes schemas and ignores them. */
const ignoredAtFirst = 5

/**
 * Whether every prompt must show the schema. A bad answer now and then is no habit: once a schema was kept nothing is shown
 * from the start any more, or what a question costs would depend on what the process was asked before.
 */
export function mustShowSchema({ format, hasKeptSchema, ignoredSchemas }: Readonly<Dialect>): boolean {
  return format !== 'json_schema' || (!hasKeptSchema && ignoredSchemas >= ignoredAtFirst)
}

/** Learns from an answer to a prompt that did not show the schema. */
export function learnFromAnswer(dialect: Dialect, { fits }: { fits: boolean }): void {
  if (fits) dialect.hasKeptSchema = true
  else dialect.ignoredSchemas++
}

/** What one request was sent with, so that an answer to it is not held against what has been learned since. */
export type Sent = Readonly<Pick<Dialect, 'format' | 'tokenParameter'>>

/**
 * Learns from a refusal. True when the same question, asked in the changed dialect, may be answered; false when the
 * refusal is about something else. Each step can be taken once, so this ends.
 */
export function learnFromRefusal(dialect: Dialect, error: unknown, sent: Sent): boolean {
  if (!(error instanceof APIError) || ![400, 415, 422, 501].includes(error.status ?? 0)) return false
  const said = `${error.param ?? ''} ${messageOf(error)}`.toLowerCase()
  let hasLearned = false
  const drop = (
    name: 'sendsReasoningEffort' | 'sendsTemperature' | 'sendsSeed' | 'sendsEncodingFormat',
    pattern: RegExp,
  ) => {
    if (!pattern.test(said)) return
    // Also when another call has learned it meanwhile: this one was still sent in the old way.
    dialect[name] = false
    hasLearned = true
  }
  drop('sendsReasoningEffort', /reasoning[_. ]?effort|reasoning parameter/)
  drop('sendsTemperature', /temperature/)
  drop('sendsSeed', /\bseed\b/)
  drop('sendsEncodingFormat', /encoding[_ ]format/)
  if (/max_completion_tokens|max_tokens/.test(said) && sent.tokenParameter !== 'none') {
    const next = sent.tokenParameter === 'max_completion_tokens' ? 'max_tokens' : 'none'
    if (dialect.tokenParameter === sent.tokenParameter) dialect.tokenParameter = next
    hasLearned = true
  }
  if (/response_format|json_schema|json_object|json mode|structured|guided|grammar|strict/.test(said)) {
    const next = formats[formats.indexOf(sent.format) + 1]
    if (next !== undefined) {
      if (dialect.format === sent.format) dialect.format = next
      hasLearned = true
    }
  }
  return hasLearned
}
