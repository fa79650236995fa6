// The store's one file on disk: an SQLite database that survives a kill at any instant (write-ahead log, checked on open).
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { SQLInputValue, StatementSync } from 'node:sqlite'

const schema = `
CREATE TABLE IF NOT EXISTS experiments (
  experiment_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, artifact_location TEXT NOT NULL,
  lifecycle_stage TEXT NOT NULL, creation_time INTEGER NOT NULL, last_update_time INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS experiment_tags (
  experiment_id INTEGER NOT NULL REFERENCES experiments, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (experiment_id, key)) STRICT;

CREATE TABLE IF NOT EXISTS runs (
  run_id TEXT PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiments, run_name TEXT NOT NULL,
  user_id TEXT NOT NULL, status TEXT NOT NULL, start_time INTEGER NOT NULL, end_time INTEGER,
  artifact_uri TEXT NOT NULL, lifecycle_stage TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS runs_by_experiment ON runs (experiment_id, start_time DESC, run_id);
CREATE TABLE IF NOT EXISTS run_tags (run_id TEXT NOT NULL REFERENCES runs, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)) STRICT;
CREATE TABLE IF NOT EXISTS run_params (run_id TEXT NOT NULL REFERENCES runs, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)) STRICT;
CREATE TABLE IF NOT EXISTS run_metrics (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs, key TEXT NOT NULL, value REAL NOT NULL,
  is_nan INTEGER NOT NULL, timestamp INTEGER NOT NULL, step INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS run_metrics_once ON run_metrics (run_id, key, timestamp, step, value, is_nan);
CREATE TABLE IF NOT EXISTS latest_metrics (
  run_id TEXT NOT NULL REFERENCES runs, key TEXT NOT NULL, value REAL NOT NULL, is_nan INTEGER NOT NULL,
  timestamp INTEGER NOT NULL, step INTEGER NOT NULL, PRIMARY KEY (run_id, key)) STRICT;

CREATE TABLE IF NOT EXISTS traces (
  trace_id TEXT PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiments, timestamp_ms INTEGER NOT NULL,
  execution_time_ms INTEGER, status TEXT NOT NULL, client_request_id TEXT, request_preview TEXT, response_preview TEXT,
  trace_name TEXT, session_id TEXT) STRICT;
CREATE INDEX IF NOT EXISTS traces_by_time ON traces (experiment_id, timestamp_ms DESC, trace_id);
CREATE INDEX IF NOT EXISTS traces_by_session ON traces (session_id) WHERE session_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS trace_tags (
  trace_id TEXT NOT NULL REFERENCES traces ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (trace_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trace_metadata (
  trace_id TEXT NOT NULL REFERENCES traces ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (trace_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assessments (
  ordinal INTEGER PRIMARY KEY, assessment_id TEXT NOT NULL UNIQUE, trace_id TEXT NOT NULL REFERENCES traces ON DELETE CASCADE,
  kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT, error TEXT, source_type TEXT NOT NULL, source_id TEXT,
  rationale TEXT, metadata TEXT, span_id TEXT, overrides TEXT, valid INTEGER NOT NULL,
  create_time INTEGER NOT NULL, last_update_time INTEGER NOT NULL,
  is_of_session INTEGER GENERATED ALWAYS AS (instr(coalesce(metadata, ''), '"mlflow.trace.session":') > 0) VIRTUAL) STRICT;
CREATE INDEX IF NOT EXISTS assessments_by_trace ON assessments (trace_id, name);
CREATE INDEX IF NOT EXISTS assessments_of_sessions ON assessments (name) WHERE is_of_session = 1;
CREATE TABLE IF NOT EXISTS spans (
  trace_id TEXT NOT NULL REFERENCES traces ON DELETE CASCADE, span_id TEXT NOT NULL, parent_id TEXT, name TEXT NOT NULL,
  type TEXT, status TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, usage TEXT, cost TEXT, content TEXT NOT NULL,
  PRIMARY KEY (trace_id, span_id)) STRICT;
CREATE TABLE IF NOT EXISTS registered_models (
  name TEXT PRIMARY KEY, description TEXT, creation_time INTEGER NOT NULL, last_update_time INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS model_tags (
  name TEXT NOT NULL REFERENCES registered_models, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (name, key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS model_versions (
  name TEXT NOT NULL REFERENCES registered_models, version INTEGER NOT NULL, description TEXT NOT NULL, source TEXT NOT NULL,
  tags TEXT NOT NULL, creation_time INTEGER NOT NULL, PRIMARY KEY (name, version)) STRICT;
CREATE TABLE IF NOT EXISTS model_aliases (
  name TEXT NOT NULL REFERENCES registered_models, alias TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (name, alias)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
  run_id TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (run_id, trace_id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_by_trace ON links (trace_id);
`

/** A database with its prepared statements kept: preparing costs more than most of our statements. */
export type Database = {
  raw: DatabaseSync
  all: <Row>(sql: string, ...values: SQLInputValue[]) => Row[]
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the row that its SQL selects
  get: <Row>(sql: string, ...values: SQLInputValue[]) => Row | undefined
  /** Runs a statement and gives the number of rows it changed. */
  run: (sql: string, ...values: SQLInputValue[]) => number
  /** Runs `work` in one transaction: all of it is durable afterwards, or none. */
  transaction: <T>(work: () => T) => T
  close: () => void
}

/** Opens the store's file in `dataDir`, creating it where needed. Readers open it a second time with `readOnly`. */
export function openDatabase(dataDir: string, options: { readOnly?: boolean } = {}): Database {
  mkdirSync(dataDir, { recursive: true })
  const raw = new DatabaseSync(join(dataDir, 'tracking.db'), { readOnly: options.readOnly ?? false, timeout: 10_000 })
  // NORMAL: an acknowledged write survives the death of the process at any instant (not a power cut, as SQLite documents).
  if (options.readOnly !== true) raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  // Case-sensitive LIKE is what MLflow sets for its own SQLite connections.
  raw.exec(
    'PRAGMA foreign_keys = ON; PRAGMA case_sensitive_like = ON; PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY',
  )
  raw.function('regexp', { deterministic: true }, (pattern, text) => matchesPattern(pattern, text))
  const database = toDatabase(raw)
  if (options.readOnly !== true) database.transaction(() => raw.exec(schema))
  return database
}

const compiled = new Map<string, RegExp | undefined>()

function matchesPattern(pattern: SQLInputValue, text: SQLInputValue): 0 | 1 {
  if (typeof pattern !== 'string' || typeof text !== 'string') return 0
  if (!compiled.has(pattern)) {
    if (compiled.size > 100) compiled.clear()
    try {
      compiled.set(pattern, new RegExp(pattern, 'u'))
    } catch {
      compiled.set(pattern, undefined)
    }
  }
  return compiled.get(pattern)?.test(text) === true ? 1 : 0
}

function toDatabase(raw: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = raw.prepare(sql)
      // Filters make new statements; the oldest ones leave.
      if (statements.size >= 200) statements.delete(statements.keys().next().value ?? '')
      statements.set(sql, statement)
    }
    return statement
  }
  return {
    raw,
    all: <Row>(sql: string, ...values: SQLInputValue[]) => prepare(sql).all(...values) as Row[],
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the row that its SQL selects
    get: <Row>(sql: string, ...values: SQLInputValue[]) => prepare(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    transaction: (work) => {
      if (raw.isTransaction) return work()
      raw.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        raw.exec('COMMIT')
        return result
      } catch (error) {
        if (raw.isTransaction) raw.exec('ROLLBACK')
        throw error
      }
    },
    close: () => {
      statements.clear()
      raw.close()
    },
  }
}
