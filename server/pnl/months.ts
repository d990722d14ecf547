/** Hours are computed and kept by months (UTC): an hour belongs to the month that it ends in or with. Times in ms. */

/** Beginning of the month in which `t` lies. */
export const monthOf = (t: number): number => {
  const date = new Date(t)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
}

/** Beginning of the month after the one in which `t` lies. */
export const monthAfter = (t: number): number => {
  const date = new Date(t)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}
