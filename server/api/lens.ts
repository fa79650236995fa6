// How a question is going to be read, before anything is: to be looked at, changed and sent with the Insight.
import { Hono } from 'hono'
import type { ChooseAnalyst } from '#/server/insights/analysts.ts'
import { toChoices } from '#/server/insights/choices.ts'
import { toLensAnswer } from './answers.ts'
import type { CallerEnv } from './caller.ts'
import { LensAnswer } from './schemas/lens.ts'
import { LensRequest } from './schemas/requests.ts'
import { route, validate } from './validate.ts'

export function lensRoutes({ chooseAnalyst }: { chooseAnalyst: ChooseAnalyst }) {
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
      const analyst = chooseAnalyst(toChoices(options))
      const { lens, by } = await analyst.deriveLens(instruction, { signal: c.req.raw.signal })
      return c.json({ lens: toLensAnswer(lens), by })
    },
  )
}
