import { DropdownMenu } from 'radix-ui'
import { Icon } from '../parts/icon.tsx'

export type Choice = { id: string; label: string; group?: string }

/** The ids the URL names, of those there are; the usual ones while it names none. */
export function readColumns(
  written: string | undefined,
  choices: readonly Choice[],
  usual: readonly string[],
): string[] {
  if (written === undefined) return [...usual]
  const named = new Set(written.split(','))
  return choices.filter(({ id }) => named.has(id)).map(({ id }) => id)
}

/** Which columns the table shows; the choice lives in the URL, so that a link shows the same table. */
export function ColumnChooser(props: {
  choices: readonly Choice[]
  shown: readonly string[]
  usual: readonly string[]
  onChange: (written: string | undefined) => void
}) {
  const { choices, shown, usual, onChange } = props
  const toggle = (id: string, on: boolean) => {
    const next = choices.map((choice) => choice.id).filter((other) => (other === id ? on : shown.includes(other)))
    const isUsual = next.length === usual.length && next.every((other) => usual.includes(other))
    onChange(isUsual ? undefined : next.length === 0 ? 'none' : next.join(','))
  }
  const groups = Map.groupBy(choices, ({ group }) => group ?? '')
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="button icon-only" aria-label="Columns" title="Columns">
        <Icon name="columns" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu scrolled" align="end" sideOffset={4}>
          {[...groups].map(([group, members]) => (
            <DropdownMenu.Group key={group}>
              {group !== '' && <DropdownMenu.Label className="menu-label">{group}</DropdownMenu.Label>}
              {members.map(({ id, label }) => (
                <DropdownMenu.CheckboxItem
                  key={id}
                  className="menu-item"
                  checked={shown.includes(id)}
                  // Several are chosen in one go.
                  onSelect={(event) => event.preventDefault()}
                  onCheckedChange={(on) => toggle(id, on)}
                >
                  <span className="menu-check">
                    <DropdownMenu.ItemIndicator>
                      <Icon name="check" size={12} />
                    </DropdownMenu.ItemIndicator>
                  </span>
                  <bdi>{label}</bdi>
                </DropdownMenu.CheckboxItem>
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
