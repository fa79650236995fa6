// The shapes a model must answer in. Every field is required and plain, as strict structured output demands.
import { z } from 'zod'
import { outcomes } from '../insight.ts'
import { type Facet, facetTypes } from '../lens.ts'
import { toFacetShape } from './lens-blocks.ts'

const filled = z.string().regex(/\S/, 'must not be empty')
const wholeNumber = z.number().int()

/** By facets, then by what they are added to. */
const extended = new WeakMap<readonly Facet[], Map<z.ZodObject, z.ZodObject>>()

/** The shapes of a summary with a field for each facet; the same for all traces of a job, so that it is made once. */
export function withFacets<T extends z.ZodRawShape>(
  shape: z.ZodObject<T>,
  facets: readonly Facet[],
): z.ZodType<z.infer<z.ZodObject<T>> & { facets?: Record<string, unknown> }> {
  if (facets.length === 0) return shape
  const known = extended.get(facets) ?? new Map<z.ZodObject, z.ZodObject>()
  extended.set(facets, known)
  const whole = known.get(shape) ?? shape.extend({ facets: toFacetShape(facets) })
  known.set(shape, whole)
  return whole as never
}

export const SummaryAnswer = z.object({
  title: filled,
  summary: filled,
  grouping_text: filled,
  outcome: z.enum(outcomes),
  language: z.string(),
  quotes: z.array(z.object({ turn: wholeNumber, quote: z.string() })),
})

export const PartAnswer = z.object({
  notes: filled,
  language: z.string(),
  quotes: z.array(z.object({ turn: wholeNumber, quote: z.string() })),
})

export const CombinedAnswer = z.object({
  title: filled,
  summary: filled,
  grouping_text: filled,
  outcome: z.enum(outcomes),
  language: z.string(),
  quotes: z.array(wholeNumber),
})

export const LensAnswer = z.object({
  extract: filled,
  alike: filled,
  ignore: z.string(),
  facets: z.array(
    z.object({ name: filled, type: z.enum(facetTypes), description: filled, values: z.array(z.string()) }),
  ),
})

export const NameAnswer = z.object({ title: filled, description: filled })

export const SameGroupsAnswer = z.object({ same: z.array(z.array(wholeNumber)) })

export const PlaceGroupAnswer = z.object({ group: wholeNumber })

export const OverviewCheckAnswer = z.object({ unsupported: z.array(wholeNumber) })

export const OverviewAnswer = z.object({
  overview: filled,
  key_points: z.array(z.object({ text: filled, cluster_ids: z.array(z.string()), quotes: z.array(wholeNumber) })),
})
