// What the store's routes are made of.
import type { Artifacts } from './artifacts.ts'
import type { Database } from './database.ts'
import type { Reader } from './reader.ts'

export type TrackingParts = {
  db: Database
  reader: Reader
  artifacts: Artifacts
  /** Off: the artifact proxy answers 503, as with `mlflow server --no-serve-artifacts`. */
  serveArtifacts: boolean
  /** Answers a request before the store does, for tests of faults: rate limits, outages, slow answers. */
  intercept?: (request: Request) => Response | undefined | Promise<Response | undefined>
}
