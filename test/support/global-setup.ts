import type { TestProject } from 'vitest/node'
import { openMlflowDoor } from './mlflow-server.ts'

/** Runs once before the suite. Outside programs are not started here but when the first test asks for them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mlflow = await openMlflowDoor()
  project.provide('mlflowDoor', mlflow.url)
  return mlflow.close
}
