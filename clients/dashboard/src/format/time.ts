/** Times as text, in UTC. */

const two = (n: number): string => String(n).padStart(2, '0')

/** Returns `14:03:22`, with milliseconds if asked. */
export const clock = (t: number, ms = false): string => new Date(t).toISOString().slice(11, ms ? 23 : 19)

/** Returns `2026-11-30`. */
export const day = (t: number): string => new Date(t).toISOString().slice(0, 10)

/** Returns `2026-11-30 14:03:22`. */
export const moment = (t: number, ms = false): string => `${day(t)} ${clock(t, ms)}`

/** Returns `2026-11-30 14:03`. */
export const minute = (t: number): string => `${day(t)} ${clock(t).slice(0, 5)}`

/** Returns how long a time is, in its largest fitting unit: `0.4 s`, `12 s`, `3 min`, `2 h 5 min`, `4 d`. */
export const age = (ms: number): string => {
  const s = Math.max(0, ms) / 1000
  if (s < 10) return `${s.toFixed(1)} s`
  if (s < 120) return `${Math.floor(s)} s`
  if (s < 7_200) return `${Math.floor(s / 60)} min`
  if (s < 172_800) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`
  return `${Math.floor(s / 86_400)} d`
}

/** Returns the start of the UTC day that holds `t`. */
export const dayStart = (t: number): number => t - (((t % 86_400_000) + 86_400_000) % 86_400_000)

/** Returns `Nov 2026`. */
export const month = (t: number): string => {
  const at = new Date(t)
  return `${'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')[at.getUTCMonth()]} ${at.getUTCFullYear()}`
}

/** Returns a time for the name of a file: `20261130-140322`. */
export const stamp = (t: number): string => {
  const at = new Date(t)
  return `${at.getUTCFullYear()}${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}-${two(at.getUTCHours())}${two(at.getUTCMinutes())}${two(at.getUTCSeconds())}`
}
