import { describe, expect, it } from 'vitest'
import { UsageError } from '../config/options.ts'
import { planOf } from './plan.ts'

describe('the plan', () => {
  it.each([
    [undefined, {}, 'keyless', undefined],
    ['CG-a', {}, 'demo', 'CG-a'],
    ['pro:CG-a', {}, 'pro', 'CG-a'],
    [undefined, { COINGECKO_DEMO_API_KEY: ' CG-d\n' }, 'demo', 'CG-d'],
    [undefined, { COINGECKO_PRO_API_KEY: 'CG-p', COINGECKO_DEMO_API_KEY: 'CG-d' }, 'pro', 'CG-p'],
    ['CG-a', { COINGECKO_PRO_API_KEY: 'CG-p' }, 'demo', 'CG-a'],
    [undefined, { COINGECKO_PRO_API_KEY: '' }, 'keyless', undefined],
  ])('of the key %j in the environment %j is %s', (given, environment, name, key) => {
    expect(planOf(given, environment)).toMatchObject({ name, key })
  })

  it('makes requests the slower the less is paid for them', () => {
    const [keyless, demo, pro] = [undefined, 'k', 'pro:k'].map(key => planOf(key, {}).spacing)
    expect(keyless).toBeGreaterThan(demo!)
    expect(demo).toBeGreaterThan(pro!)
  })

  it.each(['', 'pro:', 'CG secret', 'CG-secret\nx', 'pro:ключ'])('of the key %j is none, and the key is not said again', key => {
    expect(() => planOf(key, {})).toThrow(UsageError)
    expect(() => planOf(key, {})).not.toThrow(/secret|ключ/)
  })
})
