// The stand-in as a running server: an OpenAI-compatible endpoint that answers by extraction and fails on request.
import { serve } from '@hono/node-server'
import { type Call, createModelApp, type ModelState } from './app.ts'
import { defaultOptions, type ModelServerOptions, OptionsSchema } from './options.ts'

export type ModelServer = {
  /** The base URL for a client, with `/v1`. */
  url: string
  close: () => Promise<void>
  /** Every request so far, in order of arrival. */
  calls: () => readonly Call[]
  /** Changes how it behaves from the next request on. */
  change: (options: Partial<ModelServerOptions>) => void
}

/** Starts the server; port 0 (the default) takes a free one. Rejects when the port is taken, throws for bad options. */
export async function startModelServer({
  port = 0,
  host = '127.0.0.1',
  ...changes
}: Partial<ModelServerOptions> & { port?: number; host?: string } = {}): Promise<ModelServer> {
  const state: ModelState = {
    options: OptionsSchema.parse({ ...defaultOptions, ...changes }),
    calls: [],
    attempts: new Map(),
    seenPrefixes: new Set(),
  }
  const listening = Promise.withResolvers<number>()
  const server = serve(
    { fetch: createModelApp(state).fetch, port, hostname: host, overrideGlobalObjects: false },
    (address) => listening.resolve(address.port),
  )
  server.once('error', listening.reject)
  const bound = await listening.promise
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/v1`,
    calls: () => state.calls,
    change: (options) => {
      state.options = OptionsSchema.parse({ ...state.options, ...options })
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}
