import type { Config } from '#/server/config.ts'
import { openAiUrl } from './ports.ts'

/** Asks for the list of models, which costs nothing; whatever a server says that is up and running will do. */
export async function probeModel(
  { baseUrl, apiKey }: Pick<Config['model'], 'baseUrl' | 'apiKey'>,
  signal: AbortSignal,
): Promise<void> {
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const { status } = await fetch(`${baseUrl ?? openAiUrl}/models`, { headers, signal })
  if (status >= 500) throw new Error(`The model's server answered ${status}.`)
}
