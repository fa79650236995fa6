import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Tooltip } from 'radix-ui'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { shouldRetry } from './queries.ts'
import { router } from './router.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/menus.css'
import './styles/states.css'
import './styles/frame.css'
import './styles/tables.css'
import './styles/dialog.css'
import './styles/progress.css'
import './styles/insight.css'
import './styles/explorer.css'
import './styles/picture.css'
import './styles/trace.css'
import { applyStoredTheme } from './theme.ts'

applyStoredTheme()

const queryClient = new QueryClient({ defaultOptions: { queries: { retry: shouldRetry, staleTime: 5_000 } } })

const place = document.querySelector('#app')
if (place === null) throw new Error('index.html has no #app element.')

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Tooltip.Provider delayDuration={300}>
        <RouterProvider router={router} />
      </Tooltip.Provider>
    </QueryClientProvider>
  </StrictMode>,
)
