// What each page keeps in its URL, read by hand: an unknown or broken value is dropped, never an error.
import { outcomes, statuses } from './words.ts'
import type { Outcome, Status } from './answer-parts.ts'

export type Raw = Record<string, unknown>
export type Order = 'asc' | 'desc'

const text = (raw: Raw, key: string): string | undefined => {
  const value = raw[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const word = <T extends string>(raw: Raw, key: string, words: readonly T[]): T | undefined =>
  words.find((candidate) => candidate === raw[key])

const orders: readonly Order[] = ['asc', 'desc']

const createModes = ['1', 'selected', 'filter'] as const
export type CreateMode = (typeof createModes)[number]

export const periods = ['24h', '7d', '30d'] as const
export type Period = (typeof periods)[number]

const traceSorts = ['request_time', 'execution_time'] as const
export type TraceSort = (typeof traceSorts)[number]

export type TracesSearch = {
  filter?: string | undefined
  text?: string | undefined
  state?: 'OK' | 'ERROR' | undefined
  period?: Period | undefined
  sort?: TraceSort | undefined
  order?: Order | undefined
  trace?: string | undefined
  create?: CreateMode | undefined
  ask?: string | undefined
}

export const readTracesSearch = (raw: Raw): TracesSearch => ({
  filter: text(raw, 'filter'),
  text: text(raw, 'text'),
  state: word(raw, 'state', ['OK', 'ERROR'] as const),
  period: word(raw, 'period', periods),
  sort: word(raw, 'sort', traceSorts),
  order: word(raw, 'order', orders),
  trace: text(raw, 'trace'),
  create: word(raw, 'create', createModes),
  ask: text(raw, 'ask'),
})

const insightSorts = ['created_at', 'name', 'status', 'traces', 'updated_at'] as const
export type InsightSort = (typeof insightSorts)[number]

export type InsightsSearch = {
  search?: string | undefined
  status?: Status | undefined
  sort?: InsightSort | undefined
  order?: Order | undefined
  create?: CreateMode | undefined
  ask?: string | undefined
}

export const readInsightsSearch = (raw: Raw): InsightsSearch => ({
  search: text(raw, 'search'),
  status: word(raw, 'status', statuses),
  sort: word(raw, 'sort', insightSorts),
  order: word(raw, 'order', orders),
  create: word(raw, 'create', createModes),
  ask: text(raw, 'ask'),
})

const memberSorts = ['typical', 'request_time', 'execution_time', 'tokens'] as const
export type MemberSort = (typeof memberSorts)[number]

export type InsightSearch = {
  /** A path such as `2.1`, or `unassigned`, or `failed`; every summarized trace without it. */
  cluster?: string | undefined
  search?: string | undefined
  outcome?: Outcome | undefined
  sort?: MemberSort | undefined
  order?: Order | undefined
  trace?: string | undefined
  /** The span whose quote was followed into the sidebar. */
  span?: string | undefined
}

export const readInsightSearch = (raw: Raw): InsightSearch => ({
  cluster: text(raw, 'cluster'),
  search: text(raw, 'search'),
  outcome: word(raw, 'outcome', outcomes),
  sort: word(raw, 'sort', memberSorts),
  order: word(raw, 'order', orders),
  trace: text(raw, 'trace'),
  span: text(raw, 'span'),
})

/** Plain `key=value` pairs: `cluster=2.10` stays the text it is, and a link can be read and typed by a person. */
export const parseSearch = (search: string): Raw => Object.fromEntries(new URLSearchParams(search))

export function stringifySearch(search: Raw): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') query.set(key, value)
  }
  const written = query.toString()
  return written === '' ? '' : `?${written}`
}
