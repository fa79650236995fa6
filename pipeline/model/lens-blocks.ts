// The lens as a model sees it: the user's words, between the marks of data like any others, and the shape of the facets.
import { z } from 'zod'
import type { Facet, Lens } from '../lens.ts'
import type { DataBlock } from './fence.ts'

/** The question, and the lens where there is one. */
export function questionBlocks(instruction: string, lens: Lens | undefined): DataBlock[] {
  const question = { label: 'question', text: instruction }
  if (lens === undefined) return [question]
  const lines = [
    ['Extract', lens.extract],
    ['Alike are two traces by', lens.alike],
    ['Ignore', lens.ignore],
  ].flatMap(([head = '', text = '']) => (text.trim() === '' ? [] : [`${head}: ${oneLine(text)}`]))
  return lines.length === 0 ? [question] : [question, { label: 'lens', text: lines.join('\n') }]
}

/** What each facet asks, for calls that fill them. */
export function facetBlocks(facets: readonly Facet[]): DataBlock[] {
  if (facets.length === 0) return []
  const lines = facets.map(({ name, type, description, values }) => {
    const choice = values === undefined ? '' : `, one of ${values.map(oneLine).join(' | ')}`
    return `${name} (${type}${choice}): ${oneLine(description)}`
  })
  return [{ label: 'facets', text: lines.join('\n') }]
}

/** A field for each facet, `null` where the trace does not tell; every field is required, as strict output demands. */
export function toFacetShape(facets: readonly Facet[]): z.ZodType<Record<string, unknown>> {
  return z.object(Object.fromEntries(facets.map((facet) => [facet.name, toFacetField(facet).nullable()])))
}

function toFacetField({ type, values }: Facet): z.ZodType {
  if (type === 'number') return z.number()
  if (type === 'boolean') return z.boolean()
  return type === 'category' && values !== undefined && values.length > 0 ? z.enum([...values]) : z.string()
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
