// The real client against the stand-in, without real waiting.
import type { z } from 'zod'
import type { CompleteRequest } from '#/pipeline/model/complete.ts'
import { SummaryAnswer } from '#/pipeline/model/answers.ts'
import { toUserMessage } from '#/pipeline/model/fence.ts'
import { summarizePrompt } from '#/pipeline/model/prompts/summarize.ts'
import { startModelServer } from '#/mocks/model/server.ts'
import { createLimiter, toLimiterOptions } from '#/server/model/limiter.ts'
import { createModelPorts, type ModelConfig, type ModelPortsOptions } from '#/server/model/ports.ts'

export const signal = new AbortController().signal

type ServerOptions = NonNullable<Parameters<typeof startModelServer>[0]>

/** A server told how to behave, and the ports that talk to it; `waits` are the pauses the client would have made. */
export async function openModelWorld(
  server: ServerOptions = {},
  client: { config?: Partial<ModelConfig>; options?: ModelPortsOptions } = {},
) {
  const model = await startModelServer(server)
  const waits: number[] = []
  const config: ModelConfig = {
    apiKey: 'secret',
    baseUrl: model.url,
    thinking: 'gpt-5-mini',
    summary: 'gpt-5-mini',
    embedding: 'text-embedding-3-small',
    reasoningEffort: 'medium',
    concurrency: 4,
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
    ...client.config,
  }
  // Time passes only by waiting, and then at once.
  let slept = 0
  const ports = createModelPorts(config, {
    sleep: async (ms) => {
      waits.push(ms)
      slept += ms
    },
    limiter: createLimiter({ ...toLimiterOptions(config), now: () => slept }),
    random: () => 0.5,
    ...client.options,
  })
  return {
    model,
    ports,
    waits,
    config,
    [Symbol.asyncDispose]: () => model.close(),
  }
}

const trace = `[[1 user]]
Hello, my refund for order 4417 has not arrived. I sent the shoes back two weeks ago.
[[2 assistant]]
I am sorry for the wait. Your refund was confirmed today and is on its way.`

/** A summary of a small trace; every call is a little different where `about` is. */
export function summaryRequest(about = ''): CompleteRequest<z.infer<typeof SummaryAnswer>> {
  return {
    kind: 'summarize',
    prompt: {
      system: summarizePrompt.text,
      user: toUserMessage(
        [
          { label: 'question', text: `What do customers want?${about}` },
          { label: 'trace', text: trace },
        ],
        'Summarize this trace under the question.',
      ),
    },
    schema: SummaryAnswer,
    schemaName: 'summarize',
    maxOutputTokens: 900,
    model: 'summary',
    timeoutMs: 5_000,
  }
}

/** A request for any other shape. */
export function requestOf<T>(schema: z.ZodType<T>): CompleteRequest<T> {
  return { ...summaryRequest(), schema, schemaName: 'other' }
}
