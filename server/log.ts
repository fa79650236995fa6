import { pino, stdSerializers } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { Config } from './config.ts'

export type Log = Logger

/**
 * One JSON line an event: fields first, then two or three words that name it. Ids, sizes and durations go in; trace text,
 * prompts and credentials do not.
 */
export function createLog(config: Pick<Config, 'logLevel'>, destination?: DestinationStream): Log {
  const options = {
    level: config.logLevel,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: toSafeError },
    redact: {
      paths: ['authorization', 'password', 'token', 'apiKey', '*.authorization', '*.password', '*.token', '*.apiKey'],
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** A failed statement carries its parameters, and those are trace text: only what went wrong may be logged. */
function toSafeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  const {
    query: _query,
    params: _params,
    cause: _cause,
    ...rest
  } = stdSerializers.err(error) as unknown as Record<string, unknown>
  const withoutParameters = (text: unknown): string => String(text).replace(/\nparams:[\s\S]*?(?=\n {4}at |$)/, '')
  return {
    ...rest,
    message: withoutParameters(rest['message']),
    stack: withoutParameters(rest['stack']),
    ...(error.cause === undefined ? {} : { cause: toSafeError(error.cause) }),
  }
}
