/** What a call of the model is for: each has its own prompt, size and patience. */
export type CallKind =
  | 'lens'
  | 'summarize'
  | 'summarize_part'
  | 'combine'
  | 'name_leaf'
  | 'name_parent'
  | 'same_groups'
  | 'place_group'
  | 'overview'
  | 'overview_check'
