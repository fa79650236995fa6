// What each page keeps in its URL, read by hand: an unknown or broken value is dropped, never an error.
import { outcomes, statuses } from './words.ts'
import type { Outcome, Status } from './answer-parts.ts'
import { measureKeys, type MeasureKey } from './measures/measures.ts'

export type Raw = Record<string, unknown>
export type Order = 'asc' | 'desc'

const text = (raw: Raw, key: string): string | undefined => {
  const value = raw[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const word = <T extends string>(raw: Raw, key: string, words: readonly T[]): T | undefined =>
  words.find((candidate) => candidate === raw[key])

const orders: readonly Order[] = ['asc', 'desc']
const traceStates = ['OK', 'ERROR'] as const

const clusterRanks = ['size', 'worst', ...measureKeys] as const
export type ClusterRank = (typeof clusterRanks)[number]

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
  part?: TracePart | undefined
  columns?: string | undefined
  create?: CreateMode | undefined
  ask?: string | undefined
}

export const readTracesSearch = (raw: Raw): TracesSearch => ({
  filter: text(raw, 'filter'),
  text: text(raw, 'text'),
  state: word(raw, 'state', traceStates),
  period: word(raw, 'period', periods),
  sort: word(raw, 'sort', traceSorts),
  order: word(raw, 'order', orders),
  trace: text(raw, 'trace'),
  part: word(raw, 'part', traceParts),
  columns: text(raw, 'columns'),
  create: word(raw, 'create', createModes),
  ask: text(raw, 'ask'),
})

const insightSorts = ['created_at', 'name', 'status', 'traces', 'updated_at'] as const
export type InsightSort = (typeof insightSorts)[number]

export type InsightsSearch = {
  search?: string | undefined
  status?: Status | undefined
  /** Shows the deleted ones instead. */
  deleted?: '1' | undefined
  /** The Insight that was deleted a moment ago. */
  gone?: string | undefined
  sort?: InsightSort | undefined
  order?: Order | undefined
  create?: CreateMode | undefined
  ask?: string | undefined
}

export const readInsightsSearch = (raw: Raw): InsightsSearch => ({
  search: text(raw, 'search'),
  status: word(raw, 'status', statuses),
  deleted: word(raw, 'deleted', ['1'] as const),
  gone: text(raw, 'gone'),
  sort: word(raw, 'sort', insightSorts),
  order: word(raw, 'order', orders),
  create: word(raw, 'create', createModes),
  ask: text(raw, 'ask'),
})

export const pictureKinds = ['map', 'treemap'] as const
export type PictureKind = (typeof pictureKinds)[number]

export const runTabs = ['result', 'record'] as const
export type RunTab = (typeof runTabs)[number]

export const traceParts = ['conversation', 'spans', 'assessments'] as const
export type TracePart = (typeof traceParts)[number]

const memberSorts = ['typical', 'request_time', 'execution_time', 'tokens'] as const
export type MemberSort = (typeof memberSorts)[number]

export type InsightSearch = {
  /** A path such as `2.1`, or `unassigned`, or `failed`; every summarized trace without it. */
  cluster?: string | undefined
  search?: string | undefined
  /** Corners of a lasso on the map, in its coordinates. */
  area?: string | undefined
  outcome?: Outcome | undefined
  state?: 'OK' | 'ERROR' | undefined
  language?: string | undefined
  /** Facets of the lens that must have a value: `refund:true,why:late`. */
  facets?: string | undefined
  /** The columns of the table, where they are not the usual ones. */
  columns?: string | undefined
  sort?: MemberSort | undefined
  order?: Order | undefined
  trace?: string | undefined
  /** The span whose quote was followed into the sidebar. */
  span?: string | undefined
  /** What of the open trace is shown. */
  part?: TracePart | undefined
  /** What the tree is searched for. */
  find?: string | undefined
  tab?: RunTab | undefined
  view?: PictureKind | undefined
  color?: MeasureKey | undefined
  /** What of the map is looked at: `zoom,x,y`. */
  at?: string | undefined
  wide?: '1' | undefined
  /** By what the clusters are compared. */
  rank?: ClusterRank | undefined
  /** Which clusters are compared: those just below, or all leaf clusters. */
  level?: 'leaves' | undefined
  create?: CreateMode | undefined
  ask?: string | undefined
}

export const readInsightSearch = (raw: Raw): InsightSearch => ({
  cluster: text(raw, 'cluster'),
  search: text(raw, 'search'),
  area: text(raw, 'area'),
  outcome: word(raw, 'outcome', outcomes),
  state: word(raw, 'state', traceStates),
  language: text(raw, 'language'),
  facets: text(raw, 'facets'),
  columns: text(raw, 'columns'),
  sort: word(raw, 'sort', memberSorts),
  order: word(raw, 'order', orders),
  trace: text(raw, 'trace'),
  span: text(raw, 'span'),
  part: word(raw, 'part', traceParts),
  find: text(raw, 'find'),
  tab: word(raw, 'tab', runTabs),
  view: word(raw, 'view', pictureKinds),
  color: word(raw, 'color', measureKeys),
  at: text(raw, 'at'),
  wide: word(raw, 'wide', ['1'] as const),
  rank: word(raw, 'rank', clusterRanks),
  level: word(raw, 'level', ['leaves'] as const),
  create: word(raw, 'create', createModes),
  ask: text(raw, 'ask'),
})

/** Changes what the page's URL says; `push` makes a step that the back button undoes. */
export type ChangeSearch = (part: Partial<InsightSearch>, options?: { push?: boolean }) => void

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
