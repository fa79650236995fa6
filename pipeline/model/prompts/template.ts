// A prompt as operators keep it: their words around two placeholders, for the rules every call relies on.
import type { z } from 'zod'
import {
  CombinedAnswer,
  LensAnswer,
  NameAnswer,
  OverviewAnswer,
  OverviewCheckAnswer,
  PartAnswer,
  PlaceGroupAnswer,
  SameGroupsAnswer,
  SummaryAnswer,
} from '../answers.ts'
import type { CallKind } from '../call-kind.ts'
import { dataRules, lensRule, type Prompt } from './prompt.ts'

/** Filled in when a prompt is read: what keeps trace text data, and the lens in its place, is no matter of wording. */
const rules: Readonly<Record<string, string>> = { data_rules: dataRules, lens_rule: lensRule }

const answers: Readonly<Record<CallKind, z.ZodObject>> = {
  lens: LensAnswer,
  summarize: SummaryAnswer,
  summarize_part: PartAnswer,
  combine: CombinedAnswer,
  name_leaf: NameAnswer,
  name_parent: NameAnswer,
  same_groups: SameGroupsAnswer,
  place_group: PlaceGroupAnswer,
  overview: OverviewAnswer,
  overview_check: OverviewCheckAnswer,
}

/** Room for four times the longest of ours; time limits and the size of parts count on it. */
const mostChars = 12_000

/** The prompt with placeholders where the rules stand. */
export function toTemplate({ text }: Pick<Prompt, 'text'>): string {
  return Object.entries(rules).reduce((template, [name, rule]) => template.replace(rule, `{{${name}}}`), text)
}

/** The text a template comes to in place of our own prompt, or what keeps it from being used, as parts of a sentence. */
export function fillTemplate(template: string, own: Prompt): { text: string } | { problems: string[] } {
  const named = [...template.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([, name = '']) => name)
  const needed = Object.keys(rules).filter((name) => toTemplate(own).includes(`{{${name}}}`))
  const lacking = needed.filter((name) => !named.includes(name)).map((name) => `{{${name}}}`)
  const unknown = named.filter((name) => !(name in rules)).map((name) => `{{${name}}}`)
  const unsaid = Object.keys(answers[own.name].shape).filter((field) => !new RegExp(`\\b${field}\\b`).test(template))
  const problems = [
    ...(template.length > mostChars ? [`it is longer than ${mostChars} characters`] : []),
    ...(lacking.length === 0 ? [] : [`it lacks ${lacking.join(' and ')}`]),
    ...(unknown.length === 0 ? [] : [`nothing fills in ${unknown.join(', ')}`]),
    ...(unsaid.length === 0 ? [] : [`it does not say what goes into ${unsaid.join(', ')}`]),
  ]
  if (problems.length > 0) return { problems }
  return { text: template.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => rules[name] ?? '') }
}
