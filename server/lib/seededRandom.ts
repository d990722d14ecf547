/** A seeded source of numbers: the same seed, the same market. */
export interface SeededRandom {
  /** In [0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
}

/** mulberry32, a well-known generator of 32 bits of state; normals by Box and Muller. */
export const seededRandom = (seed: number): SeededRandom => {
  let state = seed | 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296
  }
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) }
}

/** Returns a seed for a text: the number it is, a hash of anything else, 1 for none. */
export const seedOf = (text: string | undefined): number => {
  if (text === undefined) return 1
  let seed = 0
  for (const char of text) seed = (Math.imul(seed, 31) + char.charCodeAt(0)) | 0
  return /^\d{1,9}$/.test(text) ? Number(text) : seed
}
