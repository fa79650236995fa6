// How a question is going to be read, before anything is: to be looked at, changed and sent with the Insight.
import { Hono } from 'hono'
import { toChoices } from '#/server/insights/choices.ts'
import type { CreateDeps } from '#/server/insights/create.ts'
import { toLensAnswer } from './answers.ts'
import type { CallerEnv } from './caller.ts'
import { LensAnswer } from './schemas/lens.ts'
import { LensRequest } from './schemas/requests.ts'
import { route, validate } from './validate.ts'

export function lensRoutes({
  auth,
  chooseAnalyst,
  choosePrompts,
}: { auth: 'none' | 'mlflow' } & Pick<CreateDeps, 'chooseAnalyst' | 'choosePrompts'>) {
  return new Hono<CallerEnv>().post(
    '/insights/lens',
    route({
      summary: 'How a question will be read',
      description:
        'What to take from each trace, what makes two alike, what to leave aside, and facets to fill. Change what you like and send it as `options.lens`. With a model it takes one call; the built-in analyst answers by rules.',
      tag: 'Insights',
      answer: LensAnswer,
    }),
    validate('json', LensRequest),
    async (c) => {
      const { instruction, options } = c.req.valid('json')
      const { signal } = c.req.raw
      // It may cost a model call, and nothing else here asks MLflow whether the caller is who they say.
      if (auth === 'mlflow') await c.var.caller.client.searchExperiments({ maxResults: 1 }, { signal })
      const analyst = chooseAnalyst(await choosePrompts(toChoices(options), { signal }))
      const { lens, by } = await analyst.deriveLens(instruction, { signal })
      return c.json({ lens: toLensAnswer(lens), by })
    },
  )
}
