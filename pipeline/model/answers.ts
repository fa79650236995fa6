// The shapes a model must answer in. Every field is required and plain, as strict structured output demands.
import { z } from 'zod'
import { outcomes } from '../insight.ts'

const filled = z.string().regex(/\S/, 'must not be empty')
const wholeNumber = z.number().int()

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

export const NameAnswer = z.object({ title: filled, description: filled })

export const OverviewAnswer = z.object({
  overview: filled,
  key_points: z.array(z.object({ text: filled, cluster_ids: z.array(z.string()), quotes: z.array(wholeNumber) })),
})
