// Small trace files in the shape that `import` reads.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'

export type Spoken = { user: string; assistant?: string; state?: 'OK' | 'ERROR'; tags?: Record<string, string> }

/** One line of a trace file: a conversation of one question and, where given, its answer. */
export function toTraceLine(spoken: Spoken, at: number, salt = ''): Record<string, unknown> {
  const id = createHash('sha256').update(`${salt}${at}`).digest('hex').slice(0, 32)
  const startMs = Date.UTC(2026, 8, 1) + at * 60_000
  return {
    trace_id: `tr-${id}`,
    request_time: new Date(startMs).toISOString(),
    execution_duration_ms: 500 + at,
    state: spoken.state ?? 'OK',
    request_preview: spoken.user,
    response_preview: spoken.assistant ?? '',
    tags: { 'mlflow.traceName': 'support', ...spoken.tags },
    trace_metadata: { 'mlflow.trace.session': `s-${at}`, 'mlflow.trace.user': `u-${at % 7}` },
    spans: [
      {
        span_id: id.slice(0, 16),
        parent_id: null,
        name: 'support',
        span_type: 'AGENT',
        start_time_unix_nano: startMs * 1_000_000,
        end_time_unix_nano: (startMs + 500 + at) * 1_000_000,
        status: spoken.state ?? 'OK',
        inputs: { messages: [{ role: 'user', content: spoken.user }] },
        outputs:
          spoken.assistant === undefined ? null : { messages: [{ role: 'assistant', content: spoken.assistant }] },
      },
    ],
    assessments: [],
  }
}

export async function writeTraceFile(path: string, spoken: readonly Spoken[], salt = ''): Promise<string[]> {
  const lines = spoken.map((one, at) => toTraceLine(one, at, salt))
  await writeFile(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
  return lines.map((line) => String(line['trace_id']))
}

const subjects = [
  ['My refund for the blue jacket has not arrived', 'The refund was issued yesterday and takes five days.'],
  ['I cannot log in, the code never comes', 'I have sent a new login code to your phone.'],
  ['Where is my parcel, it should have come on Monday', 'The parcel is with the courier and comes tomorrow.'],
  ['Please change the delivery address of my order', 'I changed the address of your order.'],
] as const

const ways = [
  'Hi! {}.',
  '{}, please help',
  'hello, {} and I am getting annoyed',
  '{}?',
  'Good morning. {}. Thanks',
  'urgent: {}',
]

/** Conversations about four things, told in several ways; every one a little different. */
export function conversations(count: number): Spoken[] {
  return Array.from({ length: count }, (_, at) => {
    const [user, assistant] = subjects[at % subjects.length]!
    const way = ways[Math.floor(at / subjects.length) % ways.length]!
    return { user: `${way.replace('{}', user)} (order ${1000 + at})`, assistant }
  })
}
