// Insights over the HTTP API of a service that may be restarted meanwhile.
import { createServiceClient, type ServiceClient, Unreachable } from '#/server/cli/service-client.ts'
import { CreatedAnswer, InsightAnswer } from '#/server/api/schemas/insights.ts'
import { type CreateInsightBody } from '#/server/api/schemas/requests.ts'

const { signal } = new AbortController()

/** A client of the service at this address; only the address decides, nothing of the environment. */
export function clientOf(url: string): ServiceClient {
  return createServiceClient({ env: {}, fetch }, { url })
}

/** Creates an Insight and answers its id. */
export async function createInsight(url: string, body: CreateInsightBody): Promise<string> {
  return (await clientOf(url).post(CreatedAnswer, '/insights', body, { signal })).id
}

/**
 * Waits for the end of an Insight and answers it. `onLook` sees every state on the way. Throws when it ends otherwise
 * than FINISHED; a service that does not answer is waited for like one that is slow.
 */
export async function finishedInsight(
  url: string,
  id: string,
  options: { timeoutMs: number; everyMs?: number; onLook?: (insight: InsightAnswer) => void },
): Promise<InsightAnswer> {
  const client = clientOf(url)
  let last = 'no answer'
  for (const until = Date.now() + options.timeoutMs; Date.now() < until;) {
    try {
      const insight = await client.get(InsightAnswer, `/insights/${id}`, { signal })
      options.onLook?.(insight)
      if (insight.status === 'FINISHED') return insight
      if (insight.status === 'FAILED' || insight.status === 'KILLED')
        throw new Error(`${insight.status}: ${JSON.stringify(insight.error)}`)
      last = `${insight.status} in ${insight.stage}, ${JSON.stringify(insight.progress)}`
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 200))
  }
  throw new Error(`The Insight did not end in ${options.timeoutMs / 1000} s: ${last}.`)
}
