// The store as a thread of the service's process: says where it listens, and closes when told to.
import { parentPort, workerData } from 'node:worker_threads'
import { seedSamples } from './seed.ts'
import { startTrackingServer } from './server.ts'

const sampleExperiment = 'Nordlys Home support'

const { dataDir, port } = workerData as { dataDir: string; port: number }

async function start(): Promise<Awaited<ReturnType<typeof startTrackingServer>>> {
  try {
    return await startTrackingServer({ dataDir, port })
  } catch (error) {
    // The wanted port may be taken; any other serves as well, since the service tells everybody where it is.
    if (port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return startTrackingServer({ dataDir, port: 0 })
  }
}

try {
  const server = await start()
  parentPort?.once('message', () => {
    void server.close().then(() => process.exit(0))
  })
  const { experimentId } = await seedSamples({ url: server.url, experiment: sampleExperiment })
  parentPort?.postMessage({ type: 'ready', url: server.url, samplesExperimentId: experimentId })
} catch (error) {
  parentPort?.postMessage({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
}
