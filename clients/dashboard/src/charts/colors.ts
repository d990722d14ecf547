import { effect, signal } from '@preact/signals'
import { theme } from '../live/preferences.ts'

/** Changes when the colours do: with the theme, and with the system's. */
export const paint = signal(0)

let probe: HTMLElement | undefined
const known = new Map<string, string>()

const again = (): void => {
  known.clear()
  paint.value = paint.peek() + 1
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again)
effect(() => {
  theme.value
  again()
})

/** Returns a colour of the style sheet as a canvas takes it, such as `--accent`; with `alpha` as a wash of it. */
export const colorOf = (name: string, alpha?: number): string => {
  const key = `${name} ${alpha}`
  const before = known.get(key)
  if (before) return before
  if (!probe) {
    probe = document.createElement('span')
    probe.hidden = true
    document.body.append(probe)
  }
  probe.style.color = alpha === undefined ? `var(${name})` : `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`
  const color = getComputedStyle(probe).color
  known.set(key, color)
  return color
}
