// A process of its own, to be given little memory: traces of 10 MB whose model calls all wait at the same time.
// Started by tests: node --max-old-space-size=… large-traces-process.ts <traces>
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { redactNothing } from '#/pipeline/redact/redactor.ts'
import { runInsight } from '#/pipeline/run.ts'
import { createMlflowClient } from '#/server/mlflow/client.ts'
import { createPlainAnalyst, createPlainWorld, plainSpec, traceSaying } from './plain-world.ts'

const count = Number(process.argv[2])
const quote = 'My meter runs backwards'
const log = 'household=4711;meter=0815;state=read,sent,stored,checked;'.repeat(175_000)
const body = Buffer.from(
  JSON.stringify({
    spans: [
      {
        span_id: 'a1'.padEnd(16, '0'),
        name: 'agent',
        start_time_unix_nano: 1,
        attributes: {
          'mlflow.spanInputs': JSON.stringify({ messages: [{ role: 'user', content: `${quote}.\n${log}` }] }),
        },
      },
    ],
  }),
)
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-length': String(body.length) }).end(body)
}).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const client = createMlflowClient({ trackingUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })

const plain = createPlainAnalyst()
const allWait = Promise.withResolvers<void>()
let waiting = 0
let mostWaiting = 0
const world = createPlainWorld(
  Array.from({ length: count }, (_, at) => traceSaying(`tr-${at}`, '')),
  {
    summarize: async ({ instruction, transcript }, options) => {
      mostWaiting = Math.max(mostWaiting, ++waiting)
      if (waiting === count) allWait.resolve()
      await allWait.promise
      const summary = await plain.summarize({ instruction, transcript }, options)
      waiting--
      return { ...summary, evidence: [{ spanId: 'a1'.padEnd(16, '0'), quote, verified: false }] }
    },
  },
)
const tracking = { ...world.tracking, readTrace: client.readTrace }
const { counts } = await runInsight(
  { runId: 'r1', spec: { ...plainSpec, concurrency: count } },
  { ...world, redact: redactNothing, tracking },
  { signal: new AbortController().signal },
)
let verified = 0
for await (const page of world.checkpoints.summaries())
  verified += page.filter(({ summary }) => summary.evidence[0]?.verified === true).length
server.close()
server.closeAllConnections()
console.log(
  JSON.stringify({
    bytes: body.length,
    mostWaiting,
    verified,
    summarized: counts.summarized,
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
)
process.exit(0)
