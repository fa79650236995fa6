import { DropdownMenu } from 'radix-ui'
import type { InsightRow } from '#/server/api/schemas/insights.ts'
import { Icon } from '../parts/icon.tsx'
import { deedWords, type Deed } from './use-lifecycle.ts'

/** The things that can be done to an Insight, behind three dots. */
export function LifecycleMenu(props: {
  insight: Pick<InsightRow, 'name'>
  deeds: readonly Deed[]
  isPending: boolean
  onDeed: (deed: Deed) => void
}) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        className="button icon-only borderless"
        aria-label={`Actions on ${props.insight.name}`}
        disabled={props.isPending}
      >
        <Icon name="dots" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          {props.deeds.map((deed) => (
            <DropdownMenu.Item
              key={deed}
              className={deed === 'delete' ? 'menu-item danger' : 'menu-item'}
              onSelect={() => props.onDeed(deed)}
            >
              <span>
                {deedWords[deed].label}
                <span className="menu-hint">{deedWords[deed].hint}</span>
              </span>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
