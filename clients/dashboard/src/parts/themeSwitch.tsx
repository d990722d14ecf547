import { type Theme, theme } from '../live/preferences.ts'

const THEMES: readonly (readonly [Theme, string])[] = [
  ['system', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

/** Light, dark, or as the system has it. */
export const ThemeSwitch = () => (
  <label class="choice">
    <span class="hidden">Theme</span>
    <select value={theme.value} onChange={event => (theme.value = event.currentTarget.value as Theme)}>
      {THEMES.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  </label>
)
