// Experiments: list, get, create.
import { AppError } from '#/pipeline/errors.ts'
import type { Cancellable } from '#/pipeline/ports.ts'
import { isCode } from './probe.ts'
import { type Experiment, experimentAnswer, experimentCreatedAnswer, experimentsAnswer } from './schemas.ts'
import type { Transport } from './transport.ts'

const root = '/api/2.0/mlflow/experiments'

export type ExperimentQuery = { filter?: string; orderBy?: readonly string[]; maxResults?: number; pageToken?: string }

export function createExperiments(transport: Transport) {
  /** One page of active experiments, newest activity first unless ordered otherwise; 1,000 a page at most. */
  async function searchExperiments(
    query: ExperimentQuery,
    { signal }: Cancellable,
  ): Promise<{ experiments: Experiment[]; nextPageToken?: string }> {
    const answer = await transport.json(experimentsAnswer, {
      method: 'POST',
      path: `${root}/search`,
      json: {
        max_results: query.maxResults ?? 1000,
        ...(query.filter === undefined ? {} : { filter: query.filter }),
        ...(query.orderBy === undefined ? {} : { order_by: query.orderBy }),
        ...(query.pageToken === undefined ? {} : { page_token: query.pageToken }),
      },
      replay: 'safe',
      signal,
    })
    return {
      experiments: answer.experiments,
      ...(answer.next_page_token === undefined ? {} : { nextPageToken: answer.next_page_token }),
    }
  }

  /** Throws `experiment.not_found`. */
  async function getExperiment(experimentId: string, { signal }: Cancellable): Promise<Experiment> {
    try {
      const answer = await transport.json(experimentAnswer, {
        method: 'GET',
        path: `${root}/get`,
        query: { experiment_id: experimentId },
        replay: 'safe',
        signal,
      })
      return answer.experiment
    } catch (error) {
      // An id MLflow's own pattern refuses is answered with 400: for the person asking, there is no such experiment.
      if (isCode(error, 'mlflow.not_found') || isCode(error, 'mlflow.invalid_request')) throw noExperiment(error)
      throw error
    }
  }

  /** The experiment of that name, deleted ones included; `undefined` when there is none. */
  async function findExperimentByName(name: string, { signal }: Cancellable): Promise<Experiment | undefined> {
    try {
      const answer = await transport.json(experimentAnswer, {
        method: 'GET',
        path: `${root}/get-by-name`,
        query: { experiment_name: name },
        replay: 'safe',
        signal,
      })
      return answer.experiment
    } catch (error) {
      if (isCode(error, 'mlflow.not_found')) return undefined
      throw error
    }
  }

  /** Throws `mlflow.already_exists` when the name is taken, by a deleted experiment too. */
  async function createExperiment(name: string, { signal }: Cancellable): Promise<string> {
    const answer = await transport.json(experimentCreatedAnswer, {
      method: 'POST',
      path: `${root}/create`,
      json: { name },
      replay: 'unsafe',
      signal,
    })
    return answer.experiment_id
  }

  /** The id of the experiment of that name, created where it is missing; may be repeated and raced. */
  async function ensureExperiment(name: string, options: Cancellable): Promise<string> {
    const found = await findExperimentByName(name, options)
    if (found === undefined) {
      try {
        return await createExperiment(name, options)
      } catch (error) {
        // Somebody was faster.
        const raced = isCode(error, 'mlflow.already_exists') ? await findExperimentByName(name, options) : undefined
        if (raced === undefined) throw error
        return raced.experimentId
      }
    }
    if (!found.isDeleted) return found.experimentId
    throw new AppError(
      'mlflow.already_exists',
      'A deleted experiment has this name. Restore it in MLflow, or choose another name.',
    )
  }

  return { searchExperiments, getExperiment, findExperimentByName, createExperiment, ensureExperiment }
}

function noExperiment(cause: AppError): AppError {
  return new AppError('experiment.not_found', 'MLflow has no such experiment, or not in this workspace.', { cause })
}
