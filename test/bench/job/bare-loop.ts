// What the model takes by itself: the calls that a job would make of it, as many at once, and nothing else.
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { forEachConcurrent } from '#/pipeline/concurrency.ts'
import { createModelAnalyst } from '#/pipeline/model/analyst.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { createModelPorts } from '#/server/model/ports.ts'
import { send } from '#/server/send.ts'
import { type Line, toTrace } from '#/test/support/line-to-trace.ts'
import { conversations, toTraceLine } from '#/test/support/trace-lines.ts'

const { signal } = new AbortController()

/** Seconds of the loop, and milliseconds of the middle one of its calls. */
export async function runBareLoop(
  url: string,
  asked: { traces: number; instruction: string; concurrency: number },
): Promise<{ seconds: number; callMs: number }> {
  const bodies = await findBodies(asked)
  const took: number[] = []
  const startedAt = performance.now()
  await forEachConcurrent(bodies, { concurrency: asked.concurrency, signal }, async (body) => {
    const sentAt = performance.now()
    const headers = { 'content-type': 'application/json' }
    const answer = await send({ method: 'POST', url: `${url}/chat/completions`, headers, body, signal })
    for await (const chunk of answer.body) void chunk
    if (answer.status !== 200) throw new Error(`The model answered ${answer.status}.`)
    took.push(performance.now() - sentAt)
  })
  took.sort((a, b) => a - b)
  return { seconds: (performance.now() - startedAt) / 1_000, callMs: took[Math.floor(took.length / 2)] ?? NaN }
}

/** What is sent for each trace; nobody gets it. */
async function findBodies({ traces, instruction }: { traces: number; instruction: string }): Promise<string[]> {
  const bodies: string[] = []
  const models = { thinking: 'm', summary: 'm', embedding: 'e', reasoningEffort: 'low' } as const
  const limits = { concurrency: 1, requestsPerMinute: undefined, tokensPerMinute: undefined }
  const ports = createModelPorts(
    { ...models, ...limits, apiKey: undefined, baseUrl: 'http://nobody/v1' },
    {
      retry: { maxRetries: 0 },
      fetch: async (_url, init) => {
        if (typeof init?.body === 'string') bodies.push(init.body)
        throw new TypeError('Nobody is there.')
      },
    },
  )
  const analyst = createModelAnalyst({ ports, models, fallback: createBuiltinAnalyst() })
  const known = createRepeatedText()
  for (const [at, spoken] of conversations(traces).entries()) {
    const transcript = toTranscript(toTrace(toTraceLine(spoken, at) as Line), { known })
    await analyst.summarize({ instruction, lens: undefined, transcript }, { signal }).catch(() => undefined)
  }
  if (bodies.length !== traces) throw new Error(`${bodies.length} calls for ${traces} traces.`)
  return bodies
}
