// The map of the app: which address shows which page, and what its query string means.
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { ExperimentsPage } from './experiments/experiments-page.tsx'
import { Frame } from './frame/frame.tsx'
import { HomePage } from './frame/home-page.tsx'
import { BrokenPage, NotFoundPage } from './frame/lost-pages.tsx'
import { InsightPage } from './insight/insight-page.tsx'
import { InsightsPage } from './insights/insights-page.tsx'
import {
  parseSearch,
  readInsightSearch,
  readInsightsSearch,
  readTracesSearch,
  stringifySearch,
} from './search-params.ts'
import { TracesPage } from './traces/traces-page.tsx'

const rootRoute = createRootRoute({ component: Frame, notFoundComponent: NotFoundPage, errorComponent: BrokenPage })

const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: HomePage })

const experimentsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments',
  component: ExperimentsPage,
})

const tracesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments/$experimentId/traces',
  validateSearch: readTracesSearch,
  component: TracesPage,
})

const insightsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/experiments/$experimentId/insights',
  validateSearch: readInsightsSearch,
  component: InsightsPage,
})

const insightRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/insights/$insightId',
  validateSearch: readInsightSearch,
  component: InsightPage,
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, experimentsRoute, tracesRoute, insightsRoute, insightRoute]),
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
