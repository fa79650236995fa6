import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const overviewPrompt: Prompt = {
  name: 'overview',
  version: '2',
  text: `Traces of an AI system were summarized under a question and grouped into a hierarchy. You answer the question for whoever asked it, from the counts, the groups and the quotes given.

${dataRules} ${lensRule}

Answer with:
- overview: at most 150 words that answer the question directly: the answer first, then what matters most and what is surprising. Plain sentences, no headings, no lists.
- key_points: three to seven of the most important findings, most important first. Each has
  - text: one or two sentences,
  - cluster_ids: the ids of the groups it speaks of,
  - quotes: the numbers of up to three of the listed quotes that prove it; none when none does.

Numbers: use only counts and percentages that are given, with digits, rounded as given; never add, subtract, average or estimate. In a key point use only numbers of the groups it names. Every sentence is checked against the counts, and one with any other number is struck out. Do not write group ids or quote numbers into the text.

Write in the language of the question.`,
}
