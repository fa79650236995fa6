// The embedding of each summary, kept as the little-endian bytes of its float32 numbers.
import { sql } from 'drizzle-orm'
import type { Usage } from '#/pipeline/insight.ts'
import { batches, firstOfEach } from './batches.ts'
import type { Db } from './database.ts'
import { type Turn, writeInTurn } from './in-turn.ts'
import { addedUsage } from './steps.ts'
import { toStorableText } from './storable.ts'

type VectorRow = { traceId: string; vector: Float32Array }

/** Keeps a vector for each trace selected; what they cost is counted with the first that were not there yet. */
export async function saveVectors(
  db: Db,
  turn: Turn,
  vectors: readonly VectorRow[],
  by: { model: string; usage: Usage },
): Promise<void> {
  for (const [at, batch] of [...batches(firstOfEach(vectors), 200)].entries()) {
    const ids = JSON.stringify(batch.map(({ traceId }) => toStorableText(traceId)))
    const texts = JSON.stringify(batch.map(({ vector }) => toBase64(vector)))
    const added = sql`
      added as (
        insert into insight_vectors as kept (insight_id, ordinal, model, vector)
        select t.insight_id, t.ordinal, ${toStorableText(by.model)}, decode(i.vector, 'base64')
        from rows from (json_array_elements_text(${ids}::json), json_array_elements_text(${texts}::json))
          as i(trace_id, vector)
        join insight_traces t on t.insight_id = ${turn.insightId} and t.trace_id = i.trace_id
        where exists (select from mine)
        on conflict (insight_id, ordinal) do update set model = excluded.model, vector = excluded.vector
        where kept.vector is distinct from excluded.vector or kept.model <> excluded.model
        returning 1
      )`
    await writeInTurn(
      db,
      turn,
      at === 0
        ? sql`${added}, paid as (${addedUsage(turn.insightId, 'embed', by.usage, sql`exists (select from added)`)})`
        : added,
    )
  }
}

/** The vectors of one model in ordinal order, in pages. */
export async function* readVectors(
  db: Db,
  insightId: string,
  model: string,
  pageSize = 500,
): AsyncGenerator<VectorRow[]> {
  for (let after = -1; ;) {
    const { rows } = await db.execute<{ traceId: string; ordinal: number; vector: Buffer }>(sql`
      select t.trace_id as "traceId", t.ordinal, v.vector
      from insight_vectors v join insight_traces t using (insight_id, ordinal)
      where v.insight_id = ${insightId} and v.ordinal > ${after} and v.model = ${toStorableText(model)}
      order by v.ordinal limit ${pageSize}
    `)
    if (rows.length > 0) yield rows.map(({ traceId, vector }) => ({ traceId, vector: toFloats(vector) }))
    if (rows.length < pageSize) return
    after = rows.at(-1)!.ordinal
  }
}

function toFloats(bytes: Buffer): Float32Array {
  // Copied: a buffer out of Node's pool need not start at a multiple of four.
  return new Float32Array(new Uint8Array(bytes).buffer)
}

/** Base64 of the little-endian float32 bytes. */
function toBase64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
