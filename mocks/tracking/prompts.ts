// The Prompt Registry: prompts are registered models, their versions model versions with the text in a tag. No other models.
import type { Database } from './database.ts'
import { invalid, missing, TrackingError } from './errors.ts'
import { checkKey, findRecords, findString, getString, type Params } from './params.ts'

type ModelRow = { name: string; description: string | null; creation_time: number; last_update_time: number }
type VersionRow = {
  name: string
  version: number
  description: string
  source: string
  tags: string
  creation_time: number
}
type Tag = { key: string; value: string }

const isPromptKey = 'mlflow.prompt.is_prompt'
const textKey = 'mlflow.prompt.text'
const maxTextChars = 100_000

function getModel(db: Database, name: string): ModelRow {
  const row = db.get<ModelRow>('SELECT * FROM registered_models WHERE name = ?', name)
  if (row === undefined) throw missing(`Registered Model with name=${name} not found`)
  return row
}

function getVersion(db: Database, name: string, version: string): VersionRow {
  const row = db.get<VersionRow>('SELECT * FROM model_versions WHERE name = ? AND version = ?', name, Number(version))
  if (row === undefined) throw missing(`Model Version (name=${name}, version=${version}) not found`)
  return row
}

function readTags(params: Params): Tag[] {
  return findRecords(params, 'tags').map((tag) => {
    const key = getString(tag, 'key')
    checkKey(key)
    return { key, value: findString(tag, 'value') ?? '' }
  })
}

function toModel(db: Database, row: ModelRow): Record<string, unknown> {
  const tags = db.all<Tag>('SELECT key, value FROM model_tags WHERE name = ?', row.name)
  const aliases = db.all<{ alias: string; version: number }>(
    'SELECT alias, version FROM model_aliases WHERE name = ? ORDER BY alias',
    row.name,
  )
  const newest = db.get<VersionRow>(
    'SELECT * FROM model_versions WHERE name = ? ORDER BY version DESC LIMIT 1',
    row.name,
  )
  return {
    name: row.name,
    creation_timestamp: row.creation_time,
    last_updated_timestamp: row.last_update_time,
    ...(row.description !== null && { description: row.description }),
    ...(newest !== undefined && { latest_versions: [toVersion(newest)] }),
    ...(tags.length > 0 && { tags }),
    ...(aliases.length > 0 && {
      aliases: aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    }),
  }
}

function toVersion(row: VersionRow, aliases: readonly string[] = []): Record<string, unknown> {
  const tags = JSON.parse(row.tags) as Tag[]
  return {
    name: row.name,
    version: String(row.version),
    creation_timestamp: row.creation_time,
    last_updated_timestamp: row.creation_time,
    current_stage: 'None',
    description: row.description,
    source: row.source,
    run_id: '',
    status: 'READY',
    ...(tags.length > 0 && { tags }),
    run_link: '',
    ...(aliases.length > 0 && { aliases }),
  }
}

function withAliases(db: Database, row: VersionRow): Record<string, unknown> {
  const aliases = db.all<{ alias: string }>(
    'SELECT alias FROM model_aliases WHERE name = ? AND version = ? ORDER BY alias',
    row.name,
    row.version,
  )
  return {
    model_version: toVersion(
      row,
      aliases.map(({ alias }) => alias),
    ),
  }
}

export function createRegisteredModel(db: Database, params: Params): Record<string, unknown> {
  const name = getString(params, 'name')
  const tags = readTags(params)
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) {
    throw invalid(
      `Invalid prompt name: '${name}'. Prompt names may only contain alphanumerics, underscores, hyphens, and dots.`,
    )
  }
  if (!tags.some(({ key }) => key === isPromptKey)) throw invalid('This store keeps prompts, and no other models.')
  return db.transaction(() => {
    if (db.get('SELECT 1 FROM registered_models WHERE name = ?', name) !== undefined)
      throw new TrackingError('RESOURCE_ALREADY_EXISTS', `Prompt (name=${name}) already exists.`)
    const now = Date.now()
    db.run(
      'INSERT INTO registered_models VALUES (?, ?, ?, ?)',
      name,
      findString(params, 'description') ?? null,
      now,
      now,
    )
    for (const { key, value } of tags) db.run('INSERT OR REPLACE INTO model_tags VALUES (?, ?, ?)', name, key, value)
    return { registered_model: toModel(db, getModel(db, name)) }
  })
}

export function getRegisteredModel(db: Database, params: Params): Record<string, unknown> {
  return { registered_model: toModel(db, getModel(db, getString(params, 'name'))) }
}

export function setModelTag(db: Database, params: Params): Record<string, unknown> {
  const { name } = getModel(db, getString(params, 'name'))
  const key = getString(params, 'key')
  checkKey(key)
  db.run('INSERT OR REPLACE INTO model_tags VALUES (?, ?, ?)', name, key, findString(params, 'value') ?? '')
  return {}
}

export function createModelVersion(db: Database, params: Params): Record<string, unknown> {
  const name = getString(params, 'name')
  const source = getString(params, 'source')
  const tags = readTags(params)
  if ((tags.find(({ key }) => key === textKey)?.value.length ?? 0) > maxTextChars)
    throw invalid(`Prompt text exceeds max length of ${maxTextChars} characters.`)
  return db.transaction(() => {
    getModel(db, name)
    const now = Date.now()
    const { last } = db.get<{ last: number }>(
      'SELECT coalesce(max(version), 0) AS last FROM model_versions WHERE name = ?',
      name,
    ) ?? { last: 0 }
    const description = findString(params, 'description') ?? ''
    db.run(
      'INSERT INTO model_versions VALUES (?, ?, ?, ?, ?, ?)',
      name,
      last + 1,
      description,
      source,
      JSON.stringify(tags),
      now,
    )
    db.run('UPDATE registered_models SET last_update_time = ? WHERE name = ?', now, name)
    return { model_version: toVersion(getVersion(db, name, String(last + 1))) }
  })
}

export function getModelVersion(db: Database, params: Params): Record<string, unknown> {
  return withAliases(db, getVersion(db, getString(params, 'name'), getString(params, 'version')))
}

export function setModelAlias(db: Database, params: Params): Record<string, unknown> {
  const alias = getString(params, 'alias')
  if (!/^[\w-]+$/.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    )
  }
  if (alias.toLowerCase() === 'latest') throw invalid("'latest' alias name (case insensitive) is reserved.")
  const { name, version } = getVersion(db, getString(params, 'name'), getString(params, 'version'))
  db.run('INSERT OR REPLACE INTO model_aliases VALUES (?, ?, ?)', name, alias, version)
  return {}
}

export function getVersionByAlias(db: Database, params: Params): Record<string, unknown> {
  const { name } = getModel(db, getString(params, 'name'))
  const alias = getString(params, 'alias')
  const row = db.get<{ version: number }>('SELECT version FROM model_aliases WHERE name = ? AND alias = ?', name, alias)
  if (row === undefined) throw invalid(`Registered model alias ${alias} not found.`)
  return withAliases(db, getVersion(db, name, String(row.version)))
}
