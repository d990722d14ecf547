import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { triedClient } from '../../clients/conformance/clientSuite.ts'
import type { SocketLike } from '../../clients/conformance/conversation.ts'
import { lines } from '../../clients/conformance/report.ts'
import { SCENES } from '../../clients/conformance/scenes.ts'
import { ScriptedServer } from '../../clients/conformance/scriptedServer.ts'
import { CHANNEL } from '../../clients/conformance/stage.ts'
import { CHECKS, type Result, tried } from '../../clients/conformance/suite.ts'
import { connect } from '../../clients/driftwire-client/src/index.ts'
import { engineReady, stateOnce } from './clearingKit.ts'
import { type Fault, type Message, PlantedServer } from './plantedServer.ts'
import { ProtocolServer, SETUPS } from './protocolKit.ts'
import { overTransports } from './transportKit.ts'

/** The conformance kit: it passes this server, over both transports, and fails each fault that is planted. */

const CONFIG = {
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' }],
  portfolios: [{ id: 'main' }],
  feeds: ['sim:7'],
}
const socket = (url: string): SocketLike => new WebSocket(url, { perMessageDeflate: false }) as unknown as SocketLike

const trial = async (url: string, holds: (name: string) => boolean = () => true, lookMs = 2_500): Promise<Result[]> => {
  const results: Result[] = []
  for await (const result of tried({ url, socket, lookMs, checks: CHECKS.filter(({ name }) => holds(name)) })) results.push(result)
  return results
}
const started = async (start: typeof ProtocolServer.start = ProtocolServer.start, ...args: string[]): Promise<ProtocolServer> => {
  const server = await start(CONFIG, ...args)
  await stateOnce(server, 'fund:ONE', ({ nav }) => nav !== undefined)
  await engineReady(server)
  return server
}

/** A server that passes in every check, started for these tests. */
const passesAll = (start: () => Promise<ProtocolServer>): void => {
  let server: ProtocolServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.stop())

  it('passes this server in every check', async () => {
    const results = await trial(`http://127.0.0.1:${server.port}`)
    const others = results.filter(({ outcome }) => outcome !== 'passed')
    expect(others.flatMap(result => lines(result.check.name, result))).toEqual([])
    expect(results).toHaveLength(CHECKS.length)
  }, 60_000)
}

overTransports('the conformance kit', transport => passesAll(() => started(ProtocolServer.start, '--transport', transport)))
describe.each(SETUPS.slice(1))('the conformance kit %s', (_, start) => passesAll(() => started(start)))

const isPush = (message: Message): boolean => 'ch' in message
const result = (message: Message): boolean => 'result' in message
const changed = (fault: (message: Message, remember: Map<string, unknown>) => void): Fault => ({
  frame(message, remember) {
    fault(message, remember)
    return [message]
  },
})
/** Changes the second patch of each socket. */
const second = (fault: (message: Message) => readonly object[]): Fault => ({
  frame(message, remember) {
    if (!('d' in message)) return [message]
    const count = Number(remember.get('patches') ?? 0) + 1
    remember.set('patches', count)
    return count === 2 ? fault(message) : [message]
  },
})

/** What a server does wrong, the check that finds it, and what it is. */
const FAULTS: readonly (readonly [what: string, check: string, fault: Fault])[] = [
  ['replies under another id', 'is answered under its id', changed(m => typeof m.id === 'string' && Object.assign(m, { id: 1 }))],
  [
    'says the time in seconds',
    'ping gives the time',
    changed(m => typeof m.result === 'number' && Object.assign(m, { result: 1_700_000_000 })),
  ],
  [
    'answers what wants no answer',
    'without an id is not answered',
    {
      request(text, answer) {
        if (!text.includes('"id"')) answer({ jsonrpc: '2.0', id: null, result: 1 })
        return text
      },
    },
  ],
  [
    'gives an error without a code',
    'that is no JSON is answered',
    changed(m => m.error && Object.assign(m, { error: { code: -32_700, message: 'no' } })),
  ],
  [
    'gives a code that is not on the list',
    'what is no request',
    changed(m => m.error && Object.assign((m.error as Message).data as Message, { code: 'oops' })),
  ],
  [
    'gives the wrong number of an error',
    'does not exist is answered as unknown_method',
    changed(m => m.error && Object.assign(m.error, { code: -1 })),
  ],
  [
    'gives the wrong retry',
    'misspelt parameter',
    changed(m => m.error && Object.assign((m.error as Message).data as Message, { retry: true })),
  ],
  ['takes misspelt parameters', 'misspelt parameter', { request: text => text.replace('maxrate', 'maxRate') }],
  ['gives the channels out of order', 'channels gives the names', changed(m => Array.isArray(m.result) && m.result.reverse())],
  ['loses a patch', 'each patch follows', second(() => [])],
  ['sends a patch twice', 'each patch follows', second(m => [m, m])],
  ['sends a null in a snapshot', 'before the first push', changed(m => m.snap && Object.assign(m.snap, { none: null }))],
  ['sends an array in a state', 'before the first push', changed(m => m.snap && Object.assign(m.snap, { list: [1] }))],
  ['sends a snapshot of another epoch', 'before the first push', changed(m => m.snap && Object.assign(m, { epoch: 'other' }))],
  [
    'pushes before it replies',
    'before the first push',
    {
      frame(m) {
        const said = result(m) && Object.values(m.result as object).some(one => one?.epoch)
        const [channel] = said ? Object.keys(m.result as object) : []
        return channel === undefined ? [m] : [{ ch: channel, epoch: 'e', seq: 1, t: 1, snap: {} }, m]
      },
    },
  ],
  [
    'sends states that are not those of others',
    'each patch follows',
    changed((m, remember) => {
      if (m.snap && remember.size === 0) Object.assign(m.snap, { random: Math.random() })
    }),
  ],
  ['lets the time go back', 'in the order of their event times', second(m => [{ ...m, t: 1 }])],
  [
    'says nothing of a channel that does not exist',
    'is refused by itself',
    changed(m => {
      if (result(m)) delete (m.result as Message)['nonsense:X']
    }),
  ],
  ['pushes after unsubscribe', 'is pushed no more', { request: text => text.replace('"unsubscribe"', '"ping"') }],
  [
    'cannot resume',
    'gets what it missed',
    changed(m => {
      if (result(m)) for (const said of Object.values(m.result as object)) if (said?.recovered) said.recovered = false
    }),
  ],
  [
    'says that it resumes, and does not',
    'of another epoch',
    changed(m => {
      if (result(m)) for (const said of Object.values(m.result as object)) if (said?.recovered === false) said.recovered = true
    }),
  ],
  ['exceeds the rate', 'maxRate is reduced', { request: text => text.replace('"maxRate":4.5', '"maxRate":50') }],
  [
    'does not say of how many patches one is merged',
    'maxRate is reduced',
    changed(m => {
      delete m.merged
    }),
  ],
  ['sends a wrong checksum', 'checksums come after', changed(m => 'h' in m && Object.assign(m, { h: '00000000' }))],
  ['sends no checksums', 'checksums come after', { frame: m => ('h' in m ? [] : [m]) }],
  ['sends no heartbeats', 'a heartbeat comes', { frame: m => ('hb' in m ? [] : [m]) }],
  [
    'shows what is private',
    'private channels need',
    changed(m => {
      if (result(m)) for (const said of Object.values(m.result as object)) if (said?.error) said.error.code = 'not_allowed'
    }),
  ],
  ['gives more members than are asked for', 'with fields the state is only', { request: text => text.replace(/,"fields":\[[^\]]*\]/, '') }],
  [
    'gives the checksum of the whole state for some members',
    'with fields the state is only',
    changed(m => 'h' in m && Object.assign(m, { h: '00000000' })),
  ],
  ['pushes before the figure has changed enough', 'with when pushes come', { request: text => text.replace(/,"when":\{[^}]*\}/, '') }],
  [
    'waits for a greater change',
    'with when pushes come',
    { request: text => text.replace(/"change":([^}]*)/, (_, change) => `"change":${Number(change) * 2}`) },
  ],
  ['takes members that there are not', 'in fields that no state', { request: text => text.replace('["nonsense"]', '["stale"]') }],
  ['takes conditions on what there is not', 'in when that no state', { request: text => text.replace('"nonsense"', '"stale"') }],
  ['gives rows out of order', 'history gives the rows', changed(m => (m.result as { rows?: unknown[] } | undefined)?.rows?.reverse())],
  [
    'gives rows of the past twice',
    'subscribe with from',
    changed(m => isPush(m) && Array.isArray(m.rows) && m.rows.push(...m.rows.slice(-1))),
  ],
  ['gives no rows of the past', 'subscribe with from', { frame: m => ('rows' in m ? [] : [m]) }],
  [
    'takes any token',
    'a wrong password and a wrong token',
    {
      request(text, answer) {
        const { id, method } = JSON.parse(text) as { id: number; method: string }
        if (method !== 'auth') return text
        answer({ jsonrpc: '2.0', id, result: { user: 'anybody', admin: false } })
        return undefined
      },
    },
  ],
  [
    'forgets the order of a rejection',
    'the ledger refuses',
    changed(m => {
      if (m.error) delete ((m.error as Message).data as Message).order
    }),
  ],
  [
    'is a page where a problem is due',
    'does not exist is 404, as a problem',
    { answer: a => a.status === 404 && Object.assign(a, { type: 'text/html' }) },
  ],
  ['answers 200 to everything', 'own holdings need a login', { answer: a => Object.assign(a, { status: 200 }) }],
  ['does not say what it takes', 'with those that it takes', { answer: a => Object.assign(a, { headers: {} }) }],
  ['is not alive', 'alive and ready', { answer: (a, path) => path === '/healthz' && Object.assign(a, { status: 503 }) }],
  ['has an old description', 'both descriptions', { answer: a => Object.assign(a, { body: a.body.replace('"3.1', '"2.0') }) }],
  [
    'shows the journal to anybody',
    'routes of operators',
    { answer: (a, path) => path === '/v1/audit' && Object.assign(a, { status: 200 }) },
  ],
  [
    'leaves out a line of CSV',
    'as JSON and as CSV',
    { answer: a => Object.assign(a, { body: a.type.includes('csv') ? a.body.split('\n').slice(1).join('\n') : a.body }) },
  ],
]

describe('the conformance kit fails a server that', () => {
  let server: ProtocolServer
  beforeAll(async () => {
    server = await started()
  })
  afterAll(() => server.stop())

  const plantedTrial = async (fault: Fault, holds: (name: string) => boolean): Promise<Result[]> => {
    const planted = await PlantedServer.start(server.port)
    planted.fault = fault
    try {
      return await trial(planted.url, holds, 1_000)
    } finally {
      await planted.close()
    }
  }

  it('has no fault behind it: such a server passes', async () => {
    const results = await plantedTrial({}, name => FAULTS.some(([, check]) => name.includes(check)))
    expect(results.filter(({ outcome }) => outcome !== 'passed').flatMap(found => lines(found.check.name, found))).toEqual([])
  }, 40_000)

  it.concurrent.each(FAULTS)(
    '%s',
    async (_, check, fault) => {
      const [found, ...others] = await plantedTrial(fault, name => name.includes(check))
      expect(others).toEqual([])
      expect(found!.outcome).toBe('failed')
      expect(found!.why).toMatch(/: found .*, expected /)
    },
    30_000,
  )
})

describe('the conformance kit, on clients', () => {
  it('passes the client package in every scene', async () => {
    const server = await ScriptedServer.start()
    const wire = connect(server.url)
    wire.channel(CHANNEL, { checksum: true }).subscribe()
    const shown: string[] = []
    for await (const found of triedClient(server)) if (found.outcome !== 'passed') shown.push(...lines(found.scene.name, found))
    wire.close()
    server.close()
    expect(shown).toEqual([])
    expect(SCENES.length).toBeGreaterThan(8)
  }, 60_000)

  it('fails a client that takes whatever comes', async () => {
    const server = await ScriptedServer.start()
    const follow = (): void => {
      const near = new WebSocket(server.url)
      near.on('error', () => {})
      near.on('close', () => setTimeout(follow, 50))
      near.on('open', () =>
        near.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { channels: [CHANNEL], checksum: true } })),
      )
    }
    follow()
    const failed: string[] = []
    const scenes = SCENES.filter(({ name }) => /missing|checksum is not|resumes: what|epoch|stays away/.test(name))
    for await (const { scene, outcome } of triedClient(server, scenes)) if (outcome === 'failed') failed.push(scene.name)
    server.close()
    expect(failed).toEqual(scenes.map(({ name }) => name))
  }, 60_000)
})
