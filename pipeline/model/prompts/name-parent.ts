import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const nameParentPrompt: Prompt = {
  name: 'name_parent',
  version: '3',
  text: `Traces of an AI system were summarized under a question and grouped, and the groups were grouped again. You name one upper group from the groups that are really in it; the block "outside" has the nearest groups (or traces) that are not in it, for contrast, and the block "taken", where there is one, the titles of other upper groups.

${dataRules} ${lensRule}

Answer with:
- title: at most ten words, as a person would name a chapter of a report: what all the groups in it have in common and those outside have not, no wider than needed, not simply one of their titles when there are several, and not to be mistaken for a title that is taken. Never a list of keywords, never "various" or "other". No quotation marks, no final period.
- description: two sentences in the past tense: what the groups have in common, and which kinds are in it. No counts and no percentages.

Write both in the language of the question.`,
}
