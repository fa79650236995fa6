// The Prompt Registry: MLflow keeps a prompt as a registered model, its versions as model versions, texts in their tags.
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable } from '#/pipeline/ports.ts'
import { isCode } from './probe.ts'
import { emptyAnswer, type PromptVersion, promptVersionAnswer, registeredPromptAnswer } from './schemas.ts'
import type { Transport } from './transport.ts'

const root = '/api/2.0/mlflow'
const isPrompt = { key: 'mlflow.prompt.is_prompt', value: 'true' }

export function createPrompts(transport: Transport) {
  const post = (path: string, json: unknown, signal: AbortSignal) =>
    transport.json(emptyAnswer, { method: 'POST', path: `${root}${path}`, json, replay: 'safe', signal })

  /** The version an alias stands at; `undefined` where there is no such prompt, or no such alias of it. */
  async function findPrompt(
    query: { name: string; alias: string },
    { signal }: Cancellable,
  ): Promise<PromptVersion | undefined> {
    try {
      const path = `${root}/registered-models/alias`
      const answer = await transport.json(promptVersionAnswer, { method: 'GET', path, query, replay: 'safe', signal })
      return answer.model_version
    } catch (error) {
      // 404 for a name, 400 for an alias that does not exist.
      if (isCode(error, 'mlflow.not_found') || isCode(error, 'mlflow.invalid_request')) return undefined
      throw error
    }
  }

  /** The newest version and what each alias stands at; `undefined` where there is no such prompt. */
  async function findRegistered(name: string, { signal }: Cancellable) {
    try {
      const path = `${root}/registered-models/get`
      const answer = await transport.json(registeredPromptAnswer, {
        method: 'GET',
        path,
        query: { name },
        replay: 'safe',
        signal,
      })
      return answer.registered_model
    } catch (error) {
      if (isCode(error, 'mlflow.not_found')) return undefined
      throw error
    }
  }

  /**
   * Makes the template the newest version of the prompt, unless it is; `aliases` are those from before. Throws
   * `mlflow.already_exists` when the name belongs to a model that is no prompt.
   */
  async function registerPrompt(
    prompt: { name: string; template: string; message: string },
    options: Cancellable,
  ): Promise<{ version: string; isNew: boolean; aliases: Readonly<Record<string, string>> }> {
    const { name, template, message } = prompt
    const known = await findRegistered(name, options)
    if (known !== undefined && !known.isPrompt) {
      throw new AppError('mlflow.already_exists', `The registered model ${name} is no prompt. Rename it in MLflow.`)
    }
    const { newest, aliases = {} } = known ?? {}
    if (newest?.template === template) return { version: newest.version, isNew: false, aliases }
    if (known === undefined) {
      await post('/registered-models/create', { name, tags: [isPrompt] }, options.signal).catch((error: unknown) => {
        // Somebody was faster, or our own first try was.
        if (!isCode(error, 'mlflow.already_exists')) throw error
      })
    }
    const tags = [
      isPrompt,
      { key: '_mlflow_prompt_type', value: 'text' },
      { key: 'mlflow.prompt.text', value: template },
    ]
    const { model_version: made } = await transport.json(promptVersionAnswer, {
      method: 'POST',
      path: `${root}/model-versions/create`,
      json: { name, source: 'prompt-template', description: message, tags },
      replay: 'unsafe',
      signal: options.signal,
    })
    return { version: made.version, isNew: true, aliases }
  }

  async function setPromptAlias(
    alias: { name: string; alias: string; version: string },
    { signal }: Cancellable,
  ): Promise<void> {
    await post('/registered-models/alias', alias, signal)
  }

  return { findPrompt, registerPrompt, setPromptAlias }
}
