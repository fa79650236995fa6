import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const nameLeafPrompt: Prompt = {
  name: 'name_leaf',
  version: '2',
  text: `Traces of an AI system were summarized under a question and grouped by likeness. You name one group from its most central members, against the nearest traces outside it.

${dataRules} ${lensRule}

Answer with:
- title: at most ten words, as a person would name the group in a report: what its members have in common and the traces outside do not. Specific ("Refund not received after return"), never a list of keywords, never "various" or "other". No quotation marks, no final period, no numbers of traces.
- description: two sentences in the past tense: what these traces have in common, and what sets them apart from the nearest ones outside. No counts and no percentages.

Write both in the language of the question.`,
}
