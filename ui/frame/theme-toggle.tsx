import { DropdownMenu } from 'radix-ui'
import { Icon, type IconName } from '../parts/icon.tsx'
import { setTheme, useTheme, type Theme } from '../theme.ts'

const themes = {
  system: { label: 'As the system', icon: 'screen' },
  light: { label: 'Light', icon: 'sun' },
  dark: { label: 'Dark', icon: 'moon' },
} satisfies Record<Theme, { label: string; icon: IconName }>

export function ThemeToggle() {
  const theme = useTheme()
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="button icon-only borderless" aria-label={`Theme: ${themes[theme].label}`}>
        <Icon name={themes[theme].icon} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          <DropdownMenu.RadioGroup value={theme}>
            {(Object.keys(themes) as Theme[]).map((choice) => (
              <DropdownMenu.RadioItem
                key={choice}
                value={choice}
                className="menu-item"
                onSelect={() => setTheme(choice)}
              >
                <Icon name={themes[choice].icon} />
                {themes[choice].label}
                <DropdownMenu.ItemIndicator className="menu-check">
                  <Icon name="check" />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
