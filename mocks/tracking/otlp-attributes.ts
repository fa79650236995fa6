// OTLP attribute values as MLflow stores them: each one JSON text, ingested in OTLP's JSON form.
import { isRecord } from './params.ts'
import { toPythonJson, tryParseJson } from './python-json.ts'

/** An `AnyValue` as a plain value. Integers beyond 2^53 and whole doubles (`2.0`) keep their digits as raw JSON. */
export function decodeAnyValue(value: unknown): unknown {
  if (!isRecord(value)) return null
  if (typeof value['stringValue'] === 'string') return value['stringValue']
  if (typeof value['boolValue'] === 'boolean') return value['boolValue']
  const integer = value['intValue']
  if (integer !== undefined) return toInteger(integer)
  const double = value['doubleValue']
  if (double !== undefined) return toDouble(Number(double))
  if (isRecord(value['arrayValue'])) return toList(value['arrayValue']['values']).map(decodeAnyValue)
  if (isRecord(value['kvlistValue'])) return decodeKeyValues(toList(value['kvlistValue']['values']))
  if (typeof value['bytesValue'] === 'string') return value['bytesValue']
  return null
}

const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function toInteger(value: unknown): unknown {
  const text = JSON.isRawJSON(value) ? value.rawJSON : String(value)
  if (!/^-?\d+$/.test(text)) throw new SyntaxError(`not an integer: ${text}`)
  return Number.isSafeInteger(Number(text)) ? Number(text) : JSON.rawJSON(text)
}

function toDouble(value: number): unknown {
  if (!Number.isFinite(value)) return String(value)
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? JSON.rawJSON(`${value}.0`) : value
}

/** A `KeyValue` list as a map of plain values. */
export function decodeKeyValues(list: unknown): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null)
  for (const entry of toList(list))
    if (isRecord(entry) && typeof entry['key'] === 'string') map[entry['key']] = decodeAnyValue(entry['value'])
  return map
}

/** One attribute as stored: JSON text. A string that is itself JSON of a string, list or map is kept as it is. */
function toStored(value: unknown): string {
  if (typeof value !== 'string') return toPythonJson(value)
  const inner = /^\s*["[{]/.test(value) ? tryParseJson(value) : undefined
  return inner === undefined ? JSON.stringify(value) : value
}

export type StoredAttributes = Record<string, string>

/** A span's attributes as stored, with OpenTelemetry's GenAI names translated into MLflow's. */
export function toStoredAttributes(list: unknown, traceId: string): StoredAttributes {
  const stored: StoredAttributes = Object.create(null)
  for (const [key, value] of Object.entries(decodeKeyValues(list))) stored[key] = toStored(value)
  stored['mlflow.traceRequestId'] = JSON.stringify(traceId)
  translate(stored)
  const cost = stored['mlflow.llm.cost'] ?? toCost(stored)
  if (cost !== undefined) stored['mlflow.llm.cost'] = cost
  return stored
}

const typeOfOperation: Record<string, string> = {
  chat: 'CHAT_MODEL',
  text_completion: 'LLM',
  generate_content: 'LLM',
  embeddings: 'EMBEDDING',
  execute_tool: 'TOOL',
  invoke_agent: 'AGENT',
  create_agent: 'AGENT',
}
const typeOfOpenInference: Record<string, string> = {
  LLM: 'LLM',
  CHAIN: 'CHAIN',
  AGENT: 'AGENT',
  TOOL: 'TOOL',
  RETRIEVER: 'RETRIEVER',
  EMBEDDING: 'EMBEDDING',
  RERANKER: 'RERANKER',
  GUARDRAIL: 'GUARDRAIL',
}

function translate(stored: StoredAttributes): void {
  const text = (key: string) => {
    const value = stored[key] === undefined ? undefined : tryParseJson(stored[key])
    return typeof value === 'string' ? value : ''
  }
  const type =
    typeOfOperation[text('gen_ai.operation.name')] ?? typeOfOpenInference[text('openinference.span.kind').toUpperCase()]
  const isTyped = stored['mlflow.spanType'] !== undefined && stored['mlflow.spanType'] !== '"UNKNOWN"'
  if (type !== undefined && !isTyped) stored['mlflow.spanType'] = JSON.stringify(type)
  const take = (target: string, sources: readonly string[]) => {
    const source = sources.find((key) => stored[key] !== undefined)
    if (source !== undefined && stored[target] === undefined) stored[target] = stored[source] ?? 'null'
  }
  take('mlflow.spanInputs', [
    'gen_ai.input.messages',
    'gen_ai.prompt',
    'gen_ai.tool.call.arguments',
    'input.value',
    'traceloop.entity.input',
  ])
  take('mlflow.spanOutputs', [
    'gen_ai.output.messages',
    'gen_ai.completion',
    'gen_ai.tool.call.result',
    'output.value',
    'traceloop.entity.output',
  ])
  take('mlflow.llm.model', ['gen_ai.response.model', 'gen_ai.request.model', 'llm.model_name'])
  const count = (keys: readonly string[]) =>
    keys.map((key) => Number(stored[key] ?? Number.NaN)).find((n) => !Number.isNaN(n))
  const input = count(['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt'])
  const output = count(['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion'])
  if (input !== undefined && output !== undefined && stored['mlflow.chat.tokenUsage'] === undefined) {
    stored['mlflow.chat.tokenUsage'] = toPythonJson({
      input_tokens: input,
      output_tokens: output,
      total_tokens: input + output,
    })
  }
}

/** US dollars per million tokens, in and out; as published by the vendor in 2026. MLflow prices known models likewise. */
const prices: Record<string, readonly [input: number, output: number]> = {
  'gpt-4.1': [2, 8],
  'gpt-4.1-mini': [0.4, 1.6],
  'gpt-4.1-nano': [0.1, 0.4],
  'gpt-4o': [2.5, 10],
  'gpt-4o-mini': [0.15, 0.6],
  'gpt-5': [1.25, 10],
  'gpt-5-mini': [0.25, 2],
  'gpt-5-nano': [0.05, 0.4],
}

function toCost(stored: StoredAttributes): string | undefined {
  const model = stored['mlflow.llm.model'] === undefined ? undefined : tryParseJson(stored['mlflow.llm.model'])
  const price = typeof model === 'string' ? prices[model] : undefined
  const usage =
    stored['mlflow.chat.tokenUsage'] === undefined ? undefined : tryParseJson(stored['mlflow.chat.tokenUsage'])
  if (price === undefined || !isRecord(usage)) return undefined
  const input = (Number(usage['input_tokens'] ?? 0) * price[0]) / 1e6
  const output = (Number(usage['output_tokens'] ?? 0) * price[1]) / 1e6
  return toPythonJson({ input_cost: input, output_cost: output, total_cost: input + output })
}
