// What this process counts of itself, by the names and labels of Prometheus.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Report } from './jobs/fleet.ts'

export type Meters = Disposable & {
  /** Adds to a counter; a counter's name ends in `_total`. */
  count: (name: string, labels: Readonly<Record<string, string>>, by?: number) => void
  /** Adds a length of time to a histogram; its name ends in `_seconds`. */
  observe: (name: string, labels: Readonly<Record<string, string>>, seconds: number) => void
  /** Reads a number whenever somebody asks. */
  gauge: (name: string, read: () => number) => void
  report: () => Report
}

/** Upper ends in seconds, from a short call to a long job. */
const buckets = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000]

/** Counters, histograms and gauges of this process; the delays of its event loop and its memory are among them from the start. */
export function createMeters(): Meters {
  const counters = new Map<string, number>()
  const gauges = new Map<string, () => number>()
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  gauges.set('trace_insights_event_loop_lag_seconds', () => toSeconds(delay.mean))
  gauges.set('trace_insights_event_loop_lag_max_seconds', () => {
    const max = toSeconds(delay.max)
    delay.reset()
    return max
  })
  gauges.set('process_resident_memory_bytes', () => process.memoryUsage.rss())
  gauges.set('process_uptime_seconds', () => process.uptime())
  const count: Meters['count'] = (name, labels, by = 1) => {
    const key = toKey(name, labels)
    counters.set(key, (counters.get(key) ?? 0) + by)
  }
  return {
    count,
    observe: (name, labels, seconds) => {
      for (const end of buckets) count(`${name}_bucket`, { ...labels, le: String(end) }, seconds <= end ? 1 : 0)
      count(`${name}_bucket`, { ...labels, le: '+Inf' })
      count(`${name}_sum`, labels, seconds)
      count(`${name}_count`, labels)
    },
    gauge: (name, read) => gauges.set(name, read),
    report: () => ({
      ...Object.fromEntries(counters),
      ...Object.fromEntries([...gauges].map(([name, read]) => [name, read()])),
    }),
    [Symbol.dispose]: () => delay.disable(),
  }
}

/** `name{label="value"}`, as Prometheus writes it. */
function toKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/["\\\n]/g, '_')}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

function toSeconds(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0
}
