// How long the prompts are that no sample can show: they are made of summaries that do not exist yet.

/** Rules, where no prompt of that name is on record. */
const usualRulesChars = 1_800
/** Question, fences and the JSON Schema of the answer. */
const frameChars = 700

export type PromptName = 'name_leaf' | 'name_parent' | 'same_groups' | 'place_group' | 'overview'

/** Characters of a prompt that shows so many members, groups and neighbours. */
export function promptChars(
  name: PromptName,
  {
    prompts,
    lines,
    lineChars,
  }: { prompts: readonly { name: string; text: string }[]; lines: number; lineChars: number },
): number {
  const rules = prompts.find((prompt) => prompt.name === name)?.text.length ?? usualRulesChars
  return rules + frameChars + lines * lineChars
}
