// The labelled real traces as the pipeline sees them; labels stay apart.
import { join } from 'node:path'
import type { Trace } from '#/pipeline/trace.ts'
import { type DataSet, dataSets, readJsonLines } from '#/test/support/data.ts'
import { type Line, toTrace } from '#/test/support/line-to-trace.ts'

type LabelledLine = Line & { labels: Partial<Record<'task' | 'intent' | 'primary_intent', string>> }

const labelOf = {
  tau_retail: 'primary_intent',
  star_dev: 'task',
  banking77: 'intent',
  dstc11_insurance: 'intent',
} as const

/** Every trace of a set, and its label by trace id. */
export async function readDataSet(
  set: DataSet,
  dataDir: string,
): Promise<{ traces: Trace[]; labels: Map<string, string> }> {
  const traces: Trace[] = []
  const labels = new Map<string, string>()
  for await (const line of readJsonLines<LabelledLine>(join(dataDir, dataSets[set]))) {
    traces.push(toTrace(line))
    labels.set(line.trace_id, line.labels[labelOf[set]] ?? 'none')
  }
  return { traces, labels }
}
