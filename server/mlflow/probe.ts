// What the server can do, found by asking it: version strings of forks and managed servers are not to be trusted.
import { z } from 'zod'
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable } from '#/pipeline/ports.ts'
import { serverInfoAnswer } from './schemas.ts'
import type { Transport } from './transport.ts'

export type Capabilities = {
  /** As the server gives it, where it gives one; for people, not for decisions. */
  version: string | undefined
  storeType: string | undefined
  workspacesEnabled: boolean
}

/**
 * Asks once and remembers the answer; a failed probe is asked again next time. Servers before 3.9 have no server-info:
 * they have no workspaces either.
 */
export function createProbe(transport: Transport): (options: Cancellable) => Promise<Capabilities> {
  let known: Capabilities | undefined
  return async ({ signal }) => {
    known ??= await probe(transport, signal)
    return known
  }
}

async function probe(transport: Transport, signal: AbortSignal): Promise<Capabilities> {
  const [info, version] = await Promise.all([
    transport
      .json(serverInfoAnswer, { method: 'GET', path: '/api/3.0/mlflow/server-info', replay: 'safe', signal })
      .catch((error: unknown) => {
        if (isCode(error, 'mlflow.unsupported') || isCode(error, 'mlflow.not_found')) return serverInfoAnswer.parse({})
        throw error
      }),
    findVersion(transport, signal),
  ])
  return { version, storeType: info.store_type, workspacesEnabled: info.workspaces_enabled }
}

/** The version is a courtesy: some servers keep it behind a permission that the API itself does not need. */
async function findVersion(transport: Transport, signal: AbortSignal): Promise<string | undefined> {
  try {
    const bytes = await transport.bytes({ method: 'GET', path: '/version', replay: 'unsafe', signal, maxBytes: 4096 })
    return z
      .string()
      .regex(/^\d+\.\d+[\w.+-]*$/)
      .safeParse(new TextDecoder().decode(bytes).trim()).data
  } catch (error) {
    if (isCode(error, 'cancelled')) throw error
    return undefined
  }
}

/** Whether an error is ours and has this code. */
export function isCode(error: unknown, code: AppError['code']): error is AppError {
  return error instanceof AppError && error.code === code
}
