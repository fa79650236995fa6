// How the built-in analyst reads: overview and top two levels of one set under different questions, to be judged by eye.
//   node test/bench/analyst/side-by-side.ts [tau_retail [question …]]
import { type DataSet, findDataDir } from '#/test/support/data.ts'
import { runOn } from '#/test/support/insight-run.ts'
import { readDataSet } from './data-traces.ts'

const usual = ['What are customers asking for?', 'Where does the agent fail and why?', 'How do conversations end?']

const [set = 'tau_retail', ...asked] = process.argv.slice(2)
const dataDir = findDataDir()
if (dataDir === undefined) throw new Error('There are no labelled traces here; TRACE_DATA_DIR names their folder.')
const { traces } = await readDataSet(set as DataSet, dataDir)
for (const instruction of asked.length > 0 ? asked : usual) {
  const { result, plain, summaries } = await runOn(traces, undefined, { instruction })
  console.log(`\n${instruction}\n\n${result.overview.text}`)
  for (const { text } of result.overview.keyPoints) console.log(`* ${text}`)
  const groups = plain.checkpoints.assignments().flatMap(({ traceId, clusterId }) => {
    const outcome = summaries.get(traceId)?.summary.outcome
    return clusterId === null ? [] : [{ top: clusterId.split('.')[0], leaf: clusterId, outcome }]
  })
  console.log(`\nOf one ending: ${purity(groups, 'top')} at the top, ${purity(groups, 'leaf')} in leaves\n`)
  for (const { size, title, children } of plain.checkpoints.clusters()) {
    console.log(`${String(size).padStart(5)}  ${title}`)
    for (const child of children) console.log(`${String(child.size).padStart(10)}  ${child.title}`)
  }
}

type Placed = { top: string | undefined; leaf: string; outcome: string | undefined }

/** The share of the traces whose ending is the most frequent one of their group. */
function purity(placed: readonly Placed[], by: 'top' | 'leaf'): string {
  const groups = [...Map.groupBy(placed, (one) => one[by]).values()]
  const usualOf = (group: readonly Placed[]): number =>
    Math.max(...[...Map.groupBy(group, ({ outcome }) => outcome).values()].map(({ length }) => length))
  return (groups.reduce((sum, group) => sum + usualOf(group), 0) / placed.length).toFixed(3)
}
