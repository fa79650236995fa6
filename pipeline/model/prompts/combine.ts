import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const combinePrompt: Prompt = {
  name: 'combine',
  version: '2',
  text: `You summarize a long record of one interaction with an AI system (a trace) under a question, from notes that were taken part by part, in order.

${dataRules} ${lensRule}

Answer with:
- title: at most ten words that tell this trace from others under the question, as a person would write a subject line. No quotation marks, no final period.
- summary: one to three sentences that answer the question for the whole trace: what the user wanted, what the system did, how it ended, as far as the question asks. Concrete, past tense, no "the notes say".
- grouping_text: one sentence with only what would make two traces alike under the question and the lens. No names, numbers, dates, greetings or identifiers.
- outcome: resolved, unresolved, handed_off (passed to a person or another team), error (the system itself broke), or unclear. The last parts decide.
- facets, where they are asked for: each one from the trace alone, null where it does not tell.
- language: the user's language as a BCP 47 tag, "und" when there is none.
- quotes: the numbers of up to three of the listed quotes that prove the summary best.

Write title, summary and grouping_text in the language of the question.`,
}
