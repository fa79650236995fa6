// Addresses of MLflow's own pages (its hash router; mlflow/server/js/src/experiment-tracking/routes.ts).

/** Where the UI is: the tracking server's address, and the workspace where the server has them. */
export type MlflowUi = { base: string; workspace?: string }

/** The traces of an experiment. */
export function toExperimentLink(ui: MlflowUi, experimentId: string): string {
  return toLink(ui, `/experiments/${encodeURIComponent(experimentId)}/traces`, { startTimeLabel: 'ALL' })
}

/** One trace, opened. */
export function toTraceLink(ui: MlflowUi, trace: { experimentId: string; traceId: string }): string {
  return toLink(ui, `/experiments/${encodeURIComponent(trace.experimentId)}/traces`, {
    selectedEvaluationId: trace.traceId,
    startTimeLabel: 'ALL',
  })
}

/** The run's page, or one of its tabs. */
export function toRunLink(
  ui: MlflowUi,
  run: { experimentId: string; runId: string; tab?: 'traces' | 'artifacts' },
): string {
  const tab = run.tab === undefined ? '' : `/${run.tab}`
  return toLink(
    ui,
    `/experiments/${encodeURIComponent(run.experimentId)}/runs/${encodeURIComponent(run.runId)}${tab}`,
    {},
  )
}

/**
 * MLflow's own table of the traces of a cluster: linked to the run, with the cluster's id in a tag. `undefined` for an
 * id that the filter parameter cannot carry (`column::operator::value::key`, value in single quotes).
 */
export function findClusterLink(
  ui: MlflowUi,
  cluster: { experimentId: string; runId: string; tagKey: string; tagValue: string },
): string | undefined {
  if (/::|'/.test(cluster.tagValue) || cluster.tagKey.includes('::')) return undefined
  return toLink(ui, `/experiments/${encodeURIComponent(cluster.experimentId)}/traces`, {
    startTimeLabel: 'ALL',
    filter: [`run_name::=::${cluster.runId}`, `TAG::=::${cluster.tagValue}::${cluster.tagKey}`],
  })
}

function toLink(ui: MlflowUi, route: string, parameters: Record<string, string | string[]>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of typeof value === 'string' ? [value] : value) query.append(name, one)
  }
  if (ui.workspace !== undefined) query.append('workspace', ui.workspace)
  // URLSearchParams writes a space as `+`, which a hash router leaves a plus.
  const text = query.toString().replaceAll('+', '%20')
  return `${ui.base}/#${route}${text === '' ? '' : `?${text}`}`
}
