import { useInfiniteQuery } from '@tanstack/react-query'
import type { ExperimentAnswer } from '#/server/api/schemas/traces.ts'
import { experimentsQuery } from '../queries.ts'

/** The experiment of an id, as soon as the list of experiments is here. */
export function useExperiment(experimentId: string | undefined): ExperimentAnswer | undefined {
  const { data } = useInfiniteQuery({ ...experimentsQuery(), enabled: experimentId !== undefined })
  return data?.pages.flatMap((page) => page.items).find((experiment) => experiment.id === experimentId)
}
