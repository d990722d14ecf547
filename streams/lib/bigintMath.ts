/** What bigint arithmetic lacks. Arguments are not negative, divisors not zero. */

/** Returns a ÷ b, rounded up. */
export const divUp = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

/** Returns the largest integer whose square is not above `n`. */
export const squareRoot = (n: bigint): bigint => {
  if (n < 2n) return n
  // The float's root is right to 52 bits, and each step of Newton's method doubles that. From above, the steps fall until they are there.
  const shift = BigInt(Math.max(0, (n.toString(16).length - 200) * 4) & ~1)
  let x = ((BigInt(Math.ceil(Math.sqrt(Number(n >> shift)))) + 1n) << (shift >> 1n)) + (1n << (shift >> 1n))
  x += (x >> 50n) + 1n
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}
