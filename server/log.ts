import { pino } from 'pino'
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
    redact: {
      paths: ['authorization', 'password', 'token', 'apiKey', '*.authorization', '*.password', '*.token', '*.apiKey'],
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
