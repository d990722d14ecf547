/**
 * exp and ln by sums and products alone, as FreeBSD's msun has them (e_exp.c, e_log.c). IEEE 754 fixes +, −, ×, / and the square root to the
 * last bit, but not these: `Math.exp` and `Math.log` may differ between engines, and a model has to be the same byte for byte.
 */

const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const bits = new DataView(new ArrayBuffer(8))

/** Returns x × 2^k, for a k of which 2^k is a normal number. */
const scaled = (x: number, k: number): number => {
  bits.setUint32(0, (k + 1023) << 20)
  bits.setUint32(4, 0)
  return x * bits.getFloat64(0)
}

/** Returns e^x, to within a unit or two of the last place. */
export const exp = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.1332191019412) return 0
  const k = Math.round(x / Math.LN2)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  const t = r * r
  const c =
    r -
    t *
      (0.16666666666666602 +
        t * (-0.0027777777777015593 + t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))))
  const y = 1 - (low - (r * c) / (2 - c) - high)
  if (k > 1022) return scaled(scaled(y, 1022), k - 1022)
  return k < -1021 ? scaled(scaled(y, -1000), k + 1000) : scaled(y, k)
}

/** Returns the natural logarithm, to within a unit or two of the last place: −∞ of 0, NaN of what is below. */
export const ln = (x: number): number => {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  if (x < 2 ** -1022) return ln(x * 2 ** 54) - 54 * Math.LN2
  bits.setFloat64(0, x)
  const head = bits.getUint32(0)
  let k = (head >>> 20) - 1023
  bits.setUint32(0, (head & 0xfffff) | 0x3ff00000)
  let m = bits.getFloat64(0)
  if (m > Math.SQRT2) {
    m /= 2
    k += 1
  }
  const f = m - 1
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)))
  const half = 0.5 * f * f
  return k * LN2_HIGH - (half - (s * (half + even + odd) + k * LN2_LOW) - f)
}

/** Returns 1 / (1 + e^−x). */
export const logistic = (x: number): number => {
  if (x >= 0) return 1 / (1 + exp(-x))
  const e = exp(x)
  return e / (1 + e)
}
