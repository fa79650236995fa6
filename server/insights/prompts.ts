// Prompts that operators keep in MLflow's Prompt Registry, in place of those that come with the program.
import { AppError } from '#/pipeline/errors.ts'
import { prompts } from '#/pipeline/model/analyst.ts'
import type { Prompt } from '#/pipeline/model/prompts/prompt.ts'
import { fillTemplate, toTemplate } from '#/pipeline/model/prompts/template.ts'
import type { Cancellable } from '#/pipeline/ports.ts'
import type { Config } from '#/server/config.ts'
import type { InsightChoices } from '#/server/db/records.ts'
import type { MlflowClient } from '#/server/mlflow/client.ts'
import { chooseModels } from './choices.ts'

type Registry = Pick<MlflowClient, 'findPrompt' | 'registerPrompt' | 'setPromptAlias'>

/** What a prompt is called in the registry, which all programs of a tracking server share. */
const toRegisteredName = ({ name }: Pick<Prompt, 'name'>): string => `trace-insights-${name}`

/**
 * The choices with the prompts that the alias stands at right now. One that the registry does not have, or not under that
 * alias, is the built-in one. Throws `prompt.invalid` for one that cannot be used, and `mlflow.*` errors.
 */
export type ChoosePrompts = (choices: InsightChoices, options: Cancellable) => Promise<InsightChoices>

export function createPromptChooser(config: Config['model'], registry: Registry): ChoosePrompts {
  const alias = config.promptAlias
  return async ({ prompts: _earlier, ...choices }, options) => {
    if (alias === undefined || chooseModels(choices, config) === undefined) return choices
    const found = await Promise.all(prompts.map((own) => findRegistered(own, { alias, registry }, options)))
    return { ...choices, prompts: { alias, registered: found.filter((prompt) => prompt !== undefined) } }
  }
}

async function findRegistered(
  own: Prompt,
  { alias, registry }: { alias: string; registry: Registry },
  options: Cancellable,
): Promise<Prompt | undefined> {
  const found = await registry.findPrompt({ name: toRegisteredName(own), alias }, options)
  if (found === undefined) return undefined
  const filled = !found.isPrompt
    ? { problems: ['it is a registered model and no prompt'] }
    : !found.isText
      ? { problems: ['it is a chat, where one text is needed'] }
      : fillTemplate(found.template, own)
  const { name, version } = found
  if ('text' in filled) {
    return { name: own.name, version: `registry-${version}`, text: filled.text, source: `prompts:/${name}/${version}` }
  }
  throw new AppError(
    'prompt.invalid',
    `The prompt ${name}, version ${version}, cannot be used: ${filled.problems.join('; ')}. ` +
      `Register a mended version in MLflow and point the alias ${alias} to it, or take the alias away to use the built-in prompt.`,
  )
}

export type RegisteredPrompt = {
  name: string
  version: string
  isNew: boolean
  /** Where the alias stood before. */ was?: string
}

/** Registers the built-in prompts as templates, and points the alias to them; what is there already stays as it is. */
export async function registerPrompts(
  registry: Registry,
  { alias }: { alias: string | undefined },
  options: Cancellable,
): Promise<RegisteredPrompt[]> {
  const registered: RegisteredPrompt[] = []
  for (const own of prompts) {
    const name = toRegisteredName(own)
    const message = `Built-in prompt ${own.name}, version ${own.version}`
    const { version, isNew, aliases } = await registry.registerPrompt(
      { name, template: toTemplate(own), message },
      options,
    )
    const was = alias === undefined ? undefined : aliases[alias]
    if (alias !== undefined && was !== version) await registry.setPromptAlias({ name, alias, version }, options)
    registered.push({ name, version, isNew, ...(was === undefined ? {} : { was }) })
  }
  return registered
}
