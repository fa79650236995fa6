// Prompts in the registry, through our client and as they go over the wire.
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createMlflowClient, type MlflowClient } from '#/server/mlflow/client.ts'
import { createRaw, type Raw } from '#/test/support/mlflow-raw.ts'

const options = { signal: new AbortController().signal }
const models = '/api/2.0/mlflow/registered-models'

export function promptSuite(getServer: () => { url: string }): void {
  describe('the prompt registry', () => {
    let raw: Raw
    let client: MlflowClient

    beforeAll(() => {
      raw = createRaw(getServer().url)
      client = createMlflowClient({ trackingUri: getServer().url, maxRetries: 0 })
    })

    const newName = (): string => `trace-insights-name_leaf.${randomUUID()}`
    const register = (name: string, template: string) =>
      client.registerPrompt({ name, template, message: 'Test' }, options)

    test('a prompt registered twice has one version, with other words two, and an alias tells which is meant', async () => {
      const name = newName()
      expect(await register(name, 'Name {{this}} “so”.\n')).toEqual({ version: '1', isNew: true, aliases: {} })
      expect(await register(name, 'Name {{this}} “so”.\n')).toEqual({ version: '1', isNew: false, aliases: {} })
      await client.setPromptAlias({ name, alias: 'production', version: '1' }, options)
      expect(await register(name, 'Otherwise.')).toEqual({
        version: '2',
        isNew: true,
        aliases: { production: '1' },
      })
      const production = { name, alias: 'production' }
      expect(await client.findPrompt(production, options)).toEqual({
        name,
        version: '1',
        isPrompt: true,
        isText: true,
        template: 'Name {{this}} “so”.\n',
      })
      await client.setPromptAlias({ ...production, version: '2' }, options)
      expect(await client.findPrompt(production, options)).toMatchObject({ version: '2', template: 'Otherwise.' })
    })

    test('a prompt or an alias that does not exist is not found', async () => {
      const name = newName()
      expect(await client.findPrompt({ name, alias: 'production' }, options)).toBeUndefined()
      await register(name, 'Words.')
      expect(await client.findPrompt({ name, alias: 'production' }, options)).toBeUndefined()
      await expect(client.setPromptAlias({ name, alias: 'production', version: '7' }, options)).rejects.toMatchObject({
        code: 'mlflow.not_found',
      })
    })

    test('the wire says why: no such prompt is a 404, no such alias a 400, and what is too long a 400', async () => {
      const name = newName()
      const query = { name, alias: 'production' }
      expect(await raw('GET', `${models}/alias`, { query })).toMatchObject({
        status: 404,
        json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `Registered Model with name=${name} not found` },
      })
      await register(name, 'Words.')
      expect(await raw('GET', `${models}/alias`, { query })).toMatchObject({
        status: 400,
        json: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered model alias production not found.' },
      })
      const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }]
      expect(await raw('POST', `${models}/create`, { json: { name, tags } })).toMatchObject({
        status: 400,
        json: { error_code: 'RESOURCE_ALREADY_EXISTS' },
      })
      const long = [...tags, { key: 'mlflow.prompt.text', value: 'x'.repeat(100_001) }]
      const versions = '/api/2.0/mlflow/model-versions'
      expect(
        await raw('POST', `${versions}/create`, { json: { name, source: 'prompt-template', tags: long } }),
      ).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE' } })
      expect(await raw('GET', `${versions}/get`, { query: { name, version: '1' } })).toMatchObject({
        status: 200,
        json: { model_version: { name, version: '1', status: 'READY' } },
      })
    })
  })
}
