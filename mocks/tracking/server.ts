// The embedded tracking store as a running server: a stand-in for `mlflow server`, in this process or on its own.
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { createTrackingApp } from './app.ts'
import type { TrackingParts } from './parts.ts'
import { openArtifacts } from './artifacts.ts'
import { openDatabase } from './database.ts'
import { createDefaultExperiment } from './experiments.ts'
import { startReader } from './reader.ts'

export type TrackingServerOptions = {
  /** 0 takes a free port. */
  port: number
  /** Holds `tracking.db` and `artifacts/`; made when absent. */
  dataDir: string
  /** Default 127.0.0.1. */
  host?: string
  serveArtifacts?: boolean
  intercept?: TrackingParts['intercept']
}

export type TrackingServer = { url: string; close: () => Promise<void> }

/**
 * Starts the store. What it has acknowledged survives a kill at any instant. Rejects when the port is taken or the
 * folder cannot be written.
 */
export async function startTrackingServer(options: TrackingServerOptions): Promise<TrackingServer> {
  const db = openDatabase(options.dataDir)
  createDefaultExperiment(db)
  const reader = startReader(options.dataDir)
  const closeStore = async () => {
    await reader.close()
    db.close()
  }
  const app = createTrackingApp({
    db,
    reader,
    artifacts: openArtifacts(join(options.dataDir, 'artifacts')),
    serveArtifacts: options.serveArtifacts ?? true,
    ...(options.intercept !== undefined && { intercept: options.intercept }),
  })
  const host = options.host ?? '127.0.0.1'
  const listening = Promise.withResolvers<number>()
  const server = serve(
    { fetch: app.fetch, port: options.port, hostname: host, overrideGlobalObjects: false },
    (address) => listening.resolve(address.port),
  )
  server.once('error', listening.reject)
  try {
    const port = await listening.promise
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
      close: async () => {
        const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
        if ('closeAllConnections' in server) server.closeAllConnections()
        await closed
        await closeStore()
      },
    }
  } catch (error) {
    await closeStore()
    throw error
  }
}
