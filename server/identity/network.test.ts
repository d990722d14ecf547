import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkOf } from './network.ts'

const group = fc.nat({ max: 0xffff })
const groups = (n: number) => fc.array(group, { minLength: n, maxLength: n })
const text = (all: readonly number[], pad: boolean): string => all.map(g => g.toString(16).padStart(pad ? 4 : 1, '0')).join(':')
/** Not IPv4 within IPv6. */
const global = groups(4).map(([, ...rest]) => [0x2001, ...rest])

describe('a network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['x'.repeat(1000), 'x'.repeat(64)],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it('is the same for all of a /64, however they are written', () => {
    fc.assert(
      fc.property(global, groups(4), groups(4), (net, a, b) => {
        expect(networkOf(text([...net, ...a], true))).toBe(networkOf(text([...net, ...b], false).toUpperCase()))
      }),
    )
  })

  it('is another for another /64', () => {
    fc.assert(
      fc.property(global, global, groups(4), (a, b, host) => {
        fc.pre(text(a, false) !== text(b, false))
        expect(networkOf(text([...a, ...host], false))).not.toBe(networkOf(text([...b, ...host], false)))
      }),
    )
  })
})
