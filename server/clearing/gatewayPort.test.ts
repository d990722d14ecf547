import { expect, it } from 'vitest'
import { gatewayPort } from './gatewayPort.ts'
import type { ClearingPort } from './port.ts'

const quote = { legs: [], fee: undefined, unpriced: false, halted: false, creationUnit: 10n, units: new Map() }
const opened = (nav: number | undefined) => {
  const asked: [string, object][] = []
  const house = {
    ask: async (ask: string, request: object) => {
      asked.push([ask, request])
      return ask === 'quote' ? quote : { order: '{}' }
    },
  } as unknown as ClearingPort
  return { asked, port: gatewayPort(house, { now: () => 7, nav: fund => (fund === 'TOP' ? nav : undefined) }) }
}

it.each(['create', 'redeem'] as const)('puts time and net asset value into a %s, in the turn in which it is asked', kind => {
  const { asked, port } = opened(100)
  const origin = { source: 1, at: 2 }
  void port.execute({ command: { kind, fund: 'TOP', amount: 10n, key: 'k' }, who: 'ann', origin })
  expect(asked).toEqual([['execute', { command: { kind, fund: 'TOP', amount: 10n, key: 'k', nav: 100 }, who: 'ann', t: 7, origin }]])
})

it('puts nothing but the time into other commands', () => {
  const { asked, port } = opened(100)
  void port.execute({ command: { kind: 'halt', fund: 'TOP' }, who: 'admin' })
  expect(asked).toEqual([['execute', { command: { kind: 'halt', fund: 'TOP' }, who: 'admin', t: 7 }]])
})

it.each([100, undefined])('quotes by the net asset value %s and says so', async nav => {
  const { asked, port } = opened(nav)
  expect(await port.quote({ side: 'create', fund: 'TOP', amount: 10n })).toEqual({ ...quote, t: 7, nav })
  expect(asked).toEqual([['quote', { side: 'create', fund: 'TOP', amount: 10n, nav }]])
})
