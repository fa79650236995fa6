// Steps of which the result is kept: nothing is paid for twice, and no name changes.
import { sha256 } from './ids.ts'
import type { PipelinePorts, StepResults } from './ports.ts'

/** Does a step, unless an earlier attempt did it for the same input. */
export async function doOnce<Name extends 'name' | 'overview'>(
  name: Name,
  input: unknown,
  { checkpoints, analyst }: Pick<PipelinePorts, 'checkpoints' | 'analyst'>,
  work: () => Promise<StepResults[Name]>,
): Promise<StepResults[Name]> {
  const prompts = analyst.prompts.map(({ sha256: hash }) => hash)
  const inputHash = sha256(JSON.stringify([input, prompts]))
  const kept = await checkpoints.findStep(name, inputHash)
  if (kept !== undefined) return kept
  const result = await work()
  await checkpoints.saveStep(name, { inputHash, result, usage: result.usage })
  return result
}
