// How a question is meant, as it comes in and goes out.
import { z } from 'zod'
import { facetTypes } from '#/pipeline/lens.ts'

export const LensBody = z.strictObject({
  extract: z.string().max(2_000).describe('what to take from each trace'),
  alike: z.string().max(2_000).describe('what makes two traces alike'),
  ignore: z.string().max(2_000).describe('what to leave aside'),
  facets: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be of a-z, 0-9 and _')
          .describe('becomes a column'),
        type: z.enum(facetTypes),
        description: z.string().min(1).max(500).describe('what is asked of each trace; for a boolean, what holds'),
        values: z.array(z.string().min(1).max(80)).min(2).max(30).optional().describe('of a category'),
      }),
    )
    .max(12, 'At most twelve facets.')
    .refine((facets) => new Set(facets.map(({ name }) => name)).size === facets.length, 'Each facet has its own name.'),
  only: z
    .string()
    .optional()
    .describe('a boolean facet: traces of which it is not true are skipped, and counted as such'),
})

/** A lens can only filter by a facet it has. */
export const CheckedLens = LensBody.refine(
  ({ only, facets }) => only === undefined || facets.some(({ name, type }) => name === only && type === 'boolean'),
  { path: ['only'], message: 'must name a boolean facet of the lens' },
)

export const LensAnswer = z.object({ lens: LensBody, by: z.string().describe('the model, or `builtin`') })
export type LensAnswer = z.infer<typeof LensAnswer>
