// The numbers of all processes on this database in Prometheus' text format (version 0.0.4).
import type { Fleet } from '#/server/jobs/fleet.ts'
import type { Jobs } from '#/server/jobs/jobs.ts'

export async function renderMetrics(jobs: Pick<Jobs, 'stats'>, fleet: Pick<Fleet, 'members'>): Promise<string> {
  const [stats, members] = await Promise.all([jobs.stats(), fleet.members()])
  const samples: [string, number][] = [
    ['trace_insights_jobs_queued', stats.queued],
    ['trace_insights_jobs_active', stats.active],
    ['trace_insights_jobs_dead', stats.dead],
    ['trace_insights_oldest_job_seconds', stats.oldestQueuedS],
    ...members.flatMap(({ id, mode, report }) =>
      Object.entries(report).map(([key, value]): [string, number] => [withProcess(key, { id, mode }), value]),
    ),
  ]
  // What a histogram consists of stands under its own name.
  const byName = Map.groupBy(samples, ([key]) => key.replace(/\{.*/, '').replace(histogramPart, ''))
  return [...byName]
    .map(([name, all]) => {
      const type = histogramPart.test((all[0]?.[0] ?? '').replace(/\{.*/, ''))
        ? 'histogram'
        : name.endsWith('_total')
          ? 'counter'
          : 'gauge'
      return `# TYPE ${name} ${type}\n${all.map(([key, value]) => `${key} ${value}\n`).join('')}`
    })
    .join('')
}

const histogramPart = /(?<=_seconds)_(bucket|sum|count)$/

function withProcess(key: string, { id, mode }: { id: string; mode: string }): string {
  const labels = `process="${id.slice(0, 8)}",mode="${mode}"`
  return key.endsWith('}') ? key.replace('{', `{${labels},`) : `${key}{${labels}}`
}
