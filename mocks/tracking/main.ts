// `npm run mock:mlflow`: the embedded tracking store on its own.
import { Command, InvalidArgumentError } from 'commander'
import { seedSamples } from './seed.ts'
import { startTrackingServer } from './server.ts'

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.')
  return port
}

const program = new Command('mock:mlflow')
  .description(
    'A stand-in for an MLflow tracking server: its REST API for experiments, runs, traces and artifacts, kept in one folder.',
  )
  .option('--port <number>', 'port to listen on; 0 takes a free one', parsePort, 5000)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--data <folder>', 'where everything is kept; made when absent', './.insights/tracking')
  .option(
    '--samples [experiment]',
    'first load the sample conversations into this experiment (default "Nordlys Home support"); those there already are left alone',
  )
  .parse()

const options = program.opts<{ port: number; host: string; data: string; samples?: string | true }>()
try {
  const server = await startTrackingServer({ port: options.port, host: options.host, dataDir: options.data })
  console.log(`Tracking store at ${server.url}, kept in ${options.data}. Stop it with Ctrl-C.`)
  const stop = () => void server.close().then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  if (options.samples !== undefined) {
    const experiment = options.samples === true ? 'Nordlys Home support' : options.samples
    const { sent, experimentId } = await seedSamples({ url: server.url, experiment })
    console.log(`Sample conversations: ${sent} added to experiment "${experiment}" (${experimentId}).`)
  }
} catch (error) {
  console.error(`The tracking store cannot start: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
