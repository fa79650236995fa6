// The facets a table is filtered by, as the URL writes them: `refund:true,why:too%20late`.

export type FacetChoice = { name: string; value: string }

/** Broken pieces are dropped, as everywhere in the URL. */
export function readFacets(written: string | undefined): FacetChoice[] {
  return (written ?? '').split(',').flatMap((piece) => {
    const end = piece.indexOf(':')
    if (end < 1 || end === piece.length - 1) return []
    try {
      return [{ name: piece.slice(0, end), value: decodeURIComponent(piece.slice(end + 1)) }]
    } catch {
      return []
    }
  })
}

/** The same with another value of one facet; `undefined` for any value. */
export function withFacet(
  written: string | undefined,
  chosen: { name: string; value: string | undefined },
): string | undefined {
  const { name, value } = chosen
  const kept = readFacets(written).filter((choice) => choice.name !== name)
  const next = value === undefined ? kept : [...kept, { name, value }]
  if (next.length === 0) return undefined
  return next.map((choice) => `${choice.name}:${encodeURIComponent(choice.value)}`).join(',')
}

/** `asked_why` as a heading says it: `Asked why`. */
export function toFacetLabel(name: string): string {
  const words = name.replaceAll('_', ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A value as a person says it. */
export function toFacetWords(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number') return value.toLocaleString(undefined, { maximumFractionDigits: 2 })
  if (value === true || value === 'true') return 'Yes'
  return value === false || value === 'false' ? 'No' : value
}
