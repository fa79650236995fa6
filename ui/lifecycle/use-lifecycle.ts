// What can be done to an Insight, offered only where it makes sense; the server has the last word.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import type { InsightRow } from '#/server/api/schemas/insights.ts'
import { api } from '../api.ts'
import { newKey } from '../parts/new-key.ts'
import { insightKey } from '../queries.ts'
import { isUnderWay } from '../words.ts'

export const deeds = ['cancel', 'resume', 'retry', 'recompute', 'delete', 'restore'] as const
export type Deed = (typeof deeds)[number]

export const deedWords = {
  cancel: { label: 'Cancel', doing: 'Cancelling…', hint: 'what is done is kept' },
  resume: { label: 'Resume', doing: 'Resuming…', hint: 'goes on where it stopped' },
  retry: { label: 'Retry failed', doing: 'Retrying…', hint: 'only the traces that failed' },
  recompute: { label: 'Recompute', doing: 'Starting…', hint: 'a new Insight of the traces as they are now' },
  delete: { label: 'Delete', doing: 'Deleting…', hint: 'can be undone' },
  restore: { label: 'Restore', doing: 'Restoring…', hint: 'brings it and its run back' },
} satisfies Record<Deed, { label: string; doing: string; hint: string }>

type Subject = Pick<InsightRow, 'id' | 'status' | 'counts' | 'deleted_at'>

export function possibleDeeds(insight: Subject): Deed[] {
  if (insight.deleted_at !== undefined) return ['restore']
  if (isUnderWay(insight.status)) return ['cancel', 'delete']
  return [
    ...(insight.status === 'FINISHED' ? [] : (['resume'] as const)),
    ...(insight.counts.failed > 0 && insight.status === 'FINISHED' ? (['retry'] as const) : []),
    'recompute',
    'delete',
  ]
}

/** Does one thing at a time to an Insight, and lets every list and page know. */
export function useLifecycle(insight: Subject, onDone?: (deed: Deed) => void) {
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  // One key for as long as the page is open: a second click makes no second Insight.
  const key = useRef(newKey())
  return useMutation({
    mutationFn: async (deed: Deed): Promise<{ id: string }> => {
      switch (deed) {
        case 'cancel':
          return api.cancelInsight(insight.id)
        case 'resume':
          return api.resumeInsight(insight.id)
        case 'retry':
          return api.retryFailed(insight.id)
        case 'recompute':
          return api.recomputeInsight(insight.id, key.current)
        case 'delete':
          return api.deleteInsight(insight.id)
        case 'restore':
          return api.restoreInsight(insight.id)
      }
    },
    onSuccess: async ({ id }, deed) => {
      key.current = newKey()
      onDone?.(deed)
      await queryClient.invalidateQueries({ queryKey: insightKey(insight.id) })
      await queryClient.invalidateQueries({ queryKey: ['insights'] })
      if (deed === 'recompute') await navigate({ to: '/insights/$insightId', params: { insightId: id } })
    },
  })
}
