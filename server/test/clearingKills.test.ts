import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openEngine } from '../storage/engine/engine.ts'
import { Books, type Order, type Sent, scaled, Trader } from './kills.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { rowsOf, silent } from './storageKit.ts'

/** `npm run test:kills` goes on for longer. */
const KILLS = Number(process.env.KILLS ?? 10)
const ADMIN_TOKEN = 'a-token-for-kills'
const PASSWORD = 'correct horse battery'
const USERS = ['ann', 'bob', 'carl', 'dora']
const FUNDS = ['WHOLE', 'PARTS', 'FEE']
/** Requests that each socket has under way. */
const PIPELINED = 16

const units = (id: string, of: Record<string, string>, more: object = {}) => ({ id, weighting: { scheme: 'units', units: of }, ...more })
const CONFIG = {
  funds: [
    units('WHOLE', { A: '2', B: '1', C: '3' }),
    units('PARTS', { A: '0.333333333333333333', C: '1.000000000000000001' }, { creationUnit: '0.1' }),
    units('FEE', { BTC: '0.001' }, { createFeeBps: 7, redeemFeeBps: 3 }),
  ],
  limits: { requestsPerSecond: 1_000_000 },
  feeds: ['sim:7'],
}

interface Running {
  readonly server: DriftwireProcess
  readonly url: string
}

const started = async (): Promise<Running> => {
  const options = [
    '--port',
    '0',
    '--log-level',
    'trace',
    '--data',
    pathOf('kills'),
    '--config',
    written('kills.json', JSON.stringify(CONFIG)),
  ]
  const server = new DriftwireProcess(['serve', ...options], { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })
  return { server, url: await server.url() }
}

let keys = 0
const nextKey = (): string => `k${++keys}`
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

/** Status and body; undefined where the connection ended before. */
const post = async (url: string, path: string, body: object, headers: Record<string, string> = {}) => {
  try {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  } catch {
    return undefined
  }
}
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` }
const deposit = (url: string, username: string, asset: string, amount: string, key: string) =>
  post(url, '/v1/admin/deposits', { username, asset, amount, key }, ADMIN)

/** What a kind of load has sent, beside orders. */
interface Load {
  readonly sent: Sent[]
  /** Names, and the token where the registration was answered. */
  readonly registrations: Map<string, string | undefined>
}

/** Each works until its connections end. */
const LOADS: ((url: string, tokens: ReadonlyMap<string, string>, load: Load) => Promise<unknown>)[] = [
  // Orders of several clients, of one of them on two sockets.
  async (url, tokens, { sent }) => {
    const traders = await Promise.all([...USERS, USERS[0]!].map(who => Trader.open(who, url, tokens.get(who)!)))
    const trade = async (trader: Trader): Promise<void> => {
      while (!trader.closed) {
        const fund = pick(FUNDS)
        const amount = fund === 'PARTS' ? pick(['0.1', '2.7', '0.05']) : pick(['1', '3', '1000000000'])
        await trader.order(pick(['create', 'create', 'redeem']), { fund, amount, key: nextKey() } as { key: string }, sent)
      }
    }
    return Promise.all(traders.flatMap(trader => Array.from({ length: PIPELINED }, () => trade(trader))))
  },
  // Transfers in all directions, each sent on two sockets at once under one key.
  async (url, tokens, { sent }) => {
    const pairs = await Promise.all(USERS.map(who => Promise.all([1, 2].map(() => Trader.open(who, url, tokens.get(who)!)))))
    const give = async (pair: readonly Trader[]): Promise<void> => {
      while (!pair[0]!.closed) {
        const what = pick([{ asset: 'A' }, { fund: 'WHOLE' }, { fund: 'PARTS' }])
        const transfer = { to: pick(USERS), ...what, amount: pick(['1', '0.000000000000000001', '2.5']), key: nextKey() }
        await Promise.all(pair.map(trader => trader.order('transfer', transfer, sent)))
      }
    }
    return Promise.all(pairs.flatMap(pair => Array.from({ length: PIPELINED }, () => give(pair))))
  },
  // By HTTP: deposits, registrations, orders.
  async (url, tokens, { sent, registrations }) => {
    let alive = true
    const forever = async (work: () => Promise<boolean>): Promise<void> => {
      while (alive) alive = await work()
    }
    const noted = async (note: Sent, work: ReturnType<typeof post>): Promise<boolean> => {
      sent.push(note)
      const answer = await work
      if (answer?.status === 200) note.answer = answer.body as unknown as Order
      else if (answer?.body.order) note.answer = answer.body.order as Order
      else if (answer) note.refused = String(answer.body.code)
      return answer !== undefined
    }
    const depositing = () => {
      const key = nextKey()
      return noted({ who: 'admin', key }, deposit(url, pick(USERS), pick(['A', 'B', 'C']), '0.5', key))
    }
    const ordering = () => {
      const [key, who] = [nextKey(), pick(USERS)]
      const headers = { authorization: `Bearer ${tokens.get(who)}`, 'idempotency-key': key }
      return noted({ who, key }, post(url, pick(['/create', '/redeem']), { etf_name: 'WHOLE', amount: '1' }, headers))
    }
    const registering = async () => {
      const username = nextKey()
      registrations.set(username, undefined)
      const answer = await post(url, '/register', { username, password: PASSWORD })
      if (answer?.status === 200) registrations.set(username, answer.body.token as string)
      return answer !== undefined
    }
    return Promise.all([...Array(8).fill(depositing), ...Array(8).fill(ordering), registering].map(forever))
  },
]

describe('a clearing house killed at any moment', () => {
  it(
    `has every acknowledged order once, none by half, and all assets, after ${KILLS} kills`,
    async () => {
      const books = new Books()
      const tokens = new Map<string, string>()
      const acknowledged: Sent[] = []
      const counts = { acknowledged: 0, open: 0, openAndDone: 0, registrations: 0 }
      let log = ''

      let { server, url } = await started()
      const navs = async (): Promise<void> => {
        const client = await server.client()
        await client.subscribe(FUNDS.map(fund => `fund:${fund}`))
        const fee = await client.replica('fund:FEE')
        await client.until(() => fee.state.nav !== undefined && fee.state.stale !== true)
        await client.close()
      }
      await navs()
      for (const username of USERS) {
        tokens.set(username, (await post(url, '/register', { username, password: PASSWORD }))!.body.token as string)
        for (const asset of ['A', 'B', 'C', 'BTC', 'USD'])
          expect((await deposit(url, username, asset, '1000000', nextKey()))!.status).toBe(200)
      }

      /** Proves on a server that has just begun that it has all that the one before it said. */
      const prove = async ({ sent, registrations }: Load): Promise<void> => {
        await books.read(url, ADMIN_TOKEN)
        const readers = new Map(await Promise.all(USERS.map(async who => [who, await Trader.open(who, url, tokens.get(who)!)] as const)))
        for (const { who, key, answer, refused } of sent) {
          const entry = books.orders.get(`${who}\n${key}`)
          if (answer) {
            acknowledged.push({ who, key, answer })
            counts.acknowledged += 1
            expect([entry?.seq, entry?.status], `${who} ${key}`).toEqual([answer.seq, answer.status])
          } else if (refused === undefined) {
            counts.open += 1
            if (entry) counts.openAndDone += 1
          } else expect(entry, `${who} ${key}: ${refused}`).toBeUndefined()
        }
        // What it is asked for now is what it answered then; of what it never answered it tells whether it is done.
        await Promise.all(
          sent
            .filter(({ who }) => who !== 'admin')
            .map(async ({ who, key, answer }) => {
              const reply = await readers.get(who)!.insist('order', { key })
              if (answer) expect(reply.result, `${who} ${key}: ${reply.error?.data.code}`).toEqual(answer)
              const entry = books.orders.get(`${who}\n${key}`)
              if (entry) expect(reply.result).toMatchObject({ key, seq: entry.seq, status: entry.status })
              else expect(reply.error?.data.code, `${who} ${key}`).toBe('unknown_order')
            }),
        )
        for (const [who, reader] of readers) {
          const { assets, shares } = (await reader.insist('holdings', {})).result as Record<'assets' | 'shares', Record<string, string>>
          const told = [...Object.entries(assets), ...Object.entries(shares).map(([fund, amount]) => [`share:${fund}`, amount] as const)]
          expect(new Map(told.map(([asset, amount]) => [asset, scaled(amount)])), who).toEqual(books.holdings(who))
          reader.close()
        }
        for (const fund of FUNDS) {
          const { shares } = (await (await fetch(`${url}/v1/state/fund:${fund}`)).json()) as { shares?: string }
          if (shares !== undefined) expect(scaled(shares), fund).toBe(-books.balance(`issued:${fund}`, `share:${fund}`))
        }
        // A client is there with its password, or not at all.
        for (const [username, token] of registrations) {
          counts.registrations += 1
          if (token) expect((await fetch(`${url}/holdings`, { headers: { authorization: `Bearer ${token}` } })).status, username).toBe(200)
          else if (books.registered.has(username)) {
            const login = await post(url, '/v1/login', { username, password: PASSWORD })
            expect(login!.status, username).toBe(200)
          }
          if (token) expect(books.registered).toContain(username)
        }
      }

      for (let kill = 0; kill < KILLS; kill++) {
        const load: Load = { sent: [], registrations: new Map() }
        const work = LOADS[kill % LOADS.length]!(url, tokens, load)
        // Not before it has begun to answer, and then at any moment.
        while (!load.sent.some(({ answer }) => answer)) await delay(1)
        await delay(Math.random() ** 2 * 1_000)
        expect(await server.end('SIGKILL')).toBe('SIGKILL')
        await work
        log += server.stderr
        ;({ server, url } = await started())
        await prove(load)
      }

      // Everything that was ever acknowledged is there still, under the same number.
      await server.ready()
      const audited = await server.status(({ journal }) => ((journal as State).audited as number) >= books.seq)
      expect((audited.journal as State).entries).toBe(books.seq)
      for (const { who, key, answer } of acknowledged) expect(books.orders.get(`${who}\n${key}`)?.seq).toBe(answer!.seq)
      expect(await server.end('SIGTERM')).toBe(0)
      log += server.stderr
      const engine = await openEngine({ source: { dataDir: join(pathOf('kills'), 'clickhouse') }, log: silent })
      const copied = await rowsOf(engine, `SELECT count(), uniqExact(seq), max(seq) FROM ${engine.database}.entries`, [
        'UInt64',
        'UInt64',
        'UInt64',
      ])
      await engine.close()
      expect(copied).toEqual([Array(3).fill(BigInt(books.seq))])
      for (const secret of [PASSWORD, ADMIN_TOKEN, ...tokens.values()]) expect(log).not.toContain(secret)
      // The kills came while something was under way.
      expect(counts.acknowledged).toBeGreaterThan(KILLS * 10)
      expect(counts.open).toBeGreaterThan(KILLS)
      console.log(`${KILLS} kills: ${JSON.stringify(counts)}, ${books.seq} entries`)
    },
    30_000 + KILLS * 15_000,
  )
})
