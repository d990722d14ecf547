import { exp } from '../elementary.ts'

/** Returns the probability of a standard normal value below `x` (Hart 1968, as West 2005 gives it; 15 digits). */
export const normalCdf = (x: number): number => {
  const size = Math.abs(x)
  if (size > 37) return x > 0 ? 1 : 0
  const e = exp((-size * size) / 2)
  let tail: number
  if (size < 7.07106781186547) {
    let above = 3.52624965998911e-2 * size + 0.700383064443688
    for (const c of [6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376]) above = above * size + c
    let below = 8.83883476483184e-2 * size + 1.75566716318264
    for (const c of [16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752])
      below = below * size + c
    tail = (e * above) / below
  } else {
    let continued = size + 0.65
    for (const c of [4, 3, 2, 1]) continued = size + c / continued
    tail = e / continued / 2.506628274631
  }
  return x > 0 ? 1 - tail : tail
}

/** Returns the value below which a standard normal one lies with probability `p`, by bisection of `normalCdf`; ±∞ at 1 and 0. */
export const normalQuantile = (p: number): number => {
  if (p <= 0 || p >= 1) return p <= 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  let [low, high] = [-38, 38]
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
