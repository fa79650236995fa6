// A trace's preview from its root span: the last message of a role where there are messages, else the text itself.
import { isRecord } from './params.ts'
import type { Params } from './params.ts'
import { tryParseJson } from './python-json.ts'
import { toPreview } from './traces.ts'

const isMessage = (item: unknown): item is Params => isRecord(item) && 'role' in item && 'content' in item

function findMessages(value: unknown): Params[] {
  if (!isRecord(value)) return []
  for (const key of ['messages', 'input', 'output']) {
    const items = value[key]
    if (Array.isArray(items) && items.length > 0) return items.filter(isMessage)
    const choices = value['choices']
    if (key === 'messages' && Array.isArray(choices) && isRecord(choices[0]) && isMessage(choices[0]['message']))
      return [choices[0]['message']]
  }
  return 'request' in value ? findMessages(value['request']) : []
}

function toText(content: unknown): string {
  if (typeof content === 'string') return content
  for (const part of Array.isArray(content) ? content : []) {
    if (typeof part === 'string') return part
    if (isRecord(part) && (part['type'] === 'text' || part['type'] === 'output_text')) return String(part['text'])
  }
  return ''
}

/** At most 1,000 characters of a stored `mlflow.spanInputs` or `mlflow.spanOutputs`; `null` when there is none. */
export function derivePreview(stored: string | undefined, role: 'user' | 'assistant'): string | null {
  if (stored === undefined) return null
  const messages = findMessages(tryParseJson(stored))
  const message = messages.findLast((each) => each['role'] === role) ?? messages.at(-1)
  const text = message === undefined ? '' : toText(message['content'])
  return toPreview(text === '' ? stored : text)
}
