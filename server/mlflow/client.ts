// The client of one tracking server, assembled; and the part of it the pipeline asks for.
import type { Cancellable, Tracking } from '#/pipeline/ports.ts'
import { createArtifacts } from './artifacts.ts'
import { createAssessments } from './assessments.ts'
import type { MlflowConfig, MlflowEffects } from './config.ts'
import { createExperiments } from './experiments.ts'
import type { MlflowUi } from './links.ts'
import { createProbe } from './probe.ts'
import { createPrompts } from './prompts.ts'
import { createTraceReader } from './read-trace.ts'
import { createRuns } from './runs.ts'
import { createTraceSearch } from './search-traces.ts'
import { createTraceWrites } from './trace-writes.ts'
import { createTransport, systemEffects, withHeaders } from './transport.ts'

export type MlflowClient = ReturnType<typeof createMlflowClient>

/**
 * A client of the server at `config.trackingUri`; asks nothing before the first call. Every call takes a signal and
 * throws an AppError. Throws `config.invalid` for an address that is none.
 */
export function createMlflowClient(config: MlflowConfig, effects: Partial<MlflowEffects> = {}) {
  const world: MlflowEffects = { ...systemEffects, ...effects }
  const bare = createTransport(config, world)
  const capabilities = createProbe(bare)
  const { workspace } = config
  const transport =
    workspace === undefined
      ? bare
      : withHeaders(bare, async (signal): Promise<Record<string, string>> =>
          // A server without workspaces answers 500 to this header, even for `default`.
          (await capabilities({ signal })).workspacesEnabled ? { 'x-mlflow-workspace': workspace } : {},
        )
  const runs = createRuns(transport, world)
  const search = createTraceSearch(transport, world)
  return {
    /** For calls this client has no method for, such as the importer's. */
    transport,
    capabilities,
    /** Where the server's own pages are; the workspace only where the server has them. */
    ui: async (options: Cancellable): Promise<MlflowUi> =>
      workspace !== undefined && (await capabilities(options)).workspacesEnabled
        ? { base: transport.base, workspace }
        : { base: transport.base },
    ...createExperiments(transport),
    ...runs,
    ...search,
    readTrace: createTraceReader(transport, { ...config, getTraceInfo: search.getTraceInfo }),
    ...createTraceWrites(transport, search),
    ...createAssessments(transport, search),
    ...createArtifacts(transport, runs),
    ...createPrompts(transport),
  }
}

/** The pipeline's port on the tracking server: the same functions, and nothing else. */
export function toTracking(client: MlflowClient): Tracking {
  return {
    searchTraces: client.searchTraces,
    getTraceInfos: client.getTraceInfos,
    readTrace: client.readTrace,
    linkTraces: client.linkTraces,
    countLinked: client.countLinked,
    findUnlinked: client.findUnlinked,
    createAssessment: client.createAssessment,
    updateAssessment: client.updateAssessment,
    setTraceTag: client.setTraceTag,
    logBatch: client.logBatch,
    uploadArtifact: client.uploadArtifact,
    updateRun: client.updateRun,
  }
}
