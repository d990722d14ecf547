/** A weight as a bar, its target as a line, and around it how far it may drift. All of them are shares of `full`. */
export interface BarProps {
  readonly value: number | undefined
  readonly target?: number | undefined
  readonly band?: number | undefined
  readonly full: number
  /** Beyond the band. */
  readonly beyond?: boolean
}

const at = (share: number, full: number): string => `${Math.max(0, Math.min(100, (share / full) * 100)).toFixed(2)}%`

/** Shows it; the same figures stand as text beside it. */
export const Bar = ({ value, target, band, full, beyond }: BarProps) => (
  <span class={`weightbar${beyond ? ' beyond' : ''}`} aria-hidden="true">
    {target !== undefined && band !== undefined && (
      <span class="band" style={{ left: at(target - band, full), right: `calc(100% - ${at(target + band, full)})` }} />
    )}
    {value !== undefined && <span class="fill" style={{ width: at(value, full) }} />}
    {target !== undefined && <span class="target" style={{ left: at(target, full) }} />}
  </span>
)
