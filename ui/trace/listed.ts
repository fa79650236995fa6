/** Where the open trace stands in the list it was opened from, for previous and next. */
export type Listed = {
  total: number
  /** Its row; unknown while that part of the list is not here. */
  index: number | undefined
  before: string | undefined
  after: string | undefined
}

export function toListed(ids: readonly string[], traceId: string, total: number): Listed {
  const index = ids.indexOf(traceId)
  if (index < 0) return { total, index: undefined, before: undefined, after: undefined }
  return { total: Math.max(total, ids.length), index, before: ids[index - 1], after: ids[index + 1] }
}
