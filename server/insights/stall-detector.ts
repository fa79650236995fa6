import type { Stage } from '#/pipeline/insight.ts'

/**
 * How long a stage may say nothing. Naming and concluding wait for single answers of a model that thinks, three times over;
 * the others have something to tell with every trace or page, also while a model asked us to wait.
 */
export const stallLimitsMs: Record<Stage, number> = {
  load: 10 * 60_000,
  summarize: 25 * 60_000,
  embed: 25 * 60_000,
  cluster: 30 * 60_000,
  name: 60 * 60_000,
  overview: 60 * 60_000,
  publish: 20 * 60_000,
}

/** Calls `onStall` once when nothing was heard for as long as the stage may be silent. */
export function createStallDetector(options: {
  limitsMs: Readonly<Record<Stage, number>>
  onStall: (stage: Stage, silentMs: number) => void
}): Disposable & { heard: (stage: Stage | undefined) => void } {
  const { limitsMs, onStall } = options
  let current: Stage = 'load'
  let timer: NodeJS.Timeout | undefined
  const arm = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => onStall(current, limitsMs[current]), limitsMs[current])
    timer.unref()
  }
  arm()
  return {
    heard: (stage) => {
      current = stage ?? current
      arm()
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
