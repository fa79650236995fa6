import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const sameGroupsPrompt: Prompt = {
  name: 'same_groups',
  version: '1',
  text: `Traces of an AI system were summarized under a question and grouped, and the groups were grouped again into upper groups, which were named one by one. You look at all upper groups of one level side by side and find those that are the same thing under two names: a reader of the report would ask why they are apart.

${dataRules} ${lensRule}

Answer with:
- same: lists of the numbers of upper groups that say the same thing, each list with two numbers or more; an empty list where all differ. Groups that are merely related, or of which one is wider than the other, are not the same.`,
}
