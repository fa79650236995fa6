import { DropdownMenu } from 'radix-ui'
import { BrandMark } from '../parts/brand-mark.tsx'
import { toCount } from '../figures.ts'
import { Icon } from '../parts/icon.tsx'
import type { CreateMode } from '../search-params.ts'

/** What can be done with the chosen traces: an Insight of the ticked ones, or of all that match. */
export function ActionsMenu(props: {
  selected: number
  matching: number | undefined
  onCreate: (mode: CreateMode) => void
}) {
  const { selected, matching, onCreate } = props
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className={selected > 0 ? 'button primary' : 'button'}>
        Actions{selected > 0 && <span className="numbers"> ({toCount(selected)})</span>}
        <Icon name="down" size={12} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          <DropdownMenu.Item className="menu-item" disabled={selected === 0} onSelect={() => onCreate('selected')}>
            <BrandMark size={16} />
            <span>
              Generate Insights
              <span className="menu-hint">
                {selected === 0 ? 'Select one or more traces first' : `of ${toCount(selected)} selected`}
              </span>
            </span>
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" disabled={matching === 0} onSelect={() => onCreate('filter')}>
            <BrandMark size={16} />
            <span>
              Generate Insights of all matching
              <span className="menu-hint">
                {matching === undefined ? 'every trace the filters let through' : `${toCount(matching)} traces`}
              </span>
            </span>
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
