import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const summarizePrompt: Prompt = {
  name: 'summarize',
  version: '2',
  text: `You read the record of one interaction with an AI system (a trace) and write down what it says about a question.

${dataRules} ${lensRule}

The trace is a list of turns, each under a label such as [[3 tool_call get_order]]: its number, who or what speaks (user, assistant, system, tool_call, tool_result, retrieval, error, data), and a name.

Answer with:
- title: at most ten words that tell this trace from others under the question, as a person would write a subject line. No quotation marks, no final period.
- summary: one to three sentences that answer the question for this trace: what the user wanted, what the system did, how it ended, as far as the question asks. Concrete, past tense, no "the trace shows".
- grouping_text: one sentence with only what would make two traces alike under the question and the lens. No names, numbers, dates, greetings or identifiers.
- outcome: resolved, unresolved, handed_off (passed to a person or another team), error (the system itself broke), or unclear.
- facets, where they are asked for: each one from the trace alone, null where it does not tell.
- language: the user's language as a BCP 47 tag, "und" when there is none.
- quotes: up to three short passages that prove the summary, each copied letter by letter from one turn, at most 200 characters, with the number of that turn. Prefer the user's own words. None rather than one that is not literal.

Write title, summary and grouping_text in the language of the question, whatever language the trace is in.`,
}
