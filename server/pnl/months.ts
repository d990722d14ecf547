/** Hours are computed and stored by months (UTC): an hour belongs to the month that it ends in or with. Times in ms. */

/** Returns the beginning of the month in which `t` lies. */
export const monthOf = (t: number): number => {
  const date = new Date(t)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
}

/** Returns the beginning of the month after that of `t`. */
export const monthAfter = (t: number): number => {
  const date = new Date(t)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}
