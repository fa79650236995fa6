import { dataRules, type Prompt } from './prompt.ts'

export const nameParentPrompt: Prompt = {
  name: 'name_parent',
  version: '1',
  text: `Traces of an AI system were summarized under a question and grouped, and the groups were grouped again. You name one upper group from the groups that are really in it; traces that stand nearest outside it are given for contrast.

${dataRules}

Answer with:
- title: at most ten words, as a person would name a chapter of a report: what all the groups in it have in common, no wider than needed, and not simply one of their titles when there are several. Never a list of keywords, never "various" or "other". No quotation marks, no final period.
- description: two sentences in the past tense: what the groups have in common, and which kinds are in it. No counts and no percentages.

Write both in the language of the question.`,
}
