import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

/**
 * For tests that kill the server: clients that note what they sent and what was answered, and a book-keeper that reads the journal through the
 * public interface alone and does its own arithmetic.
 */

/** Returns a decimal string in 10⁻¹⁸. */
export const scaled = (text: string): bigint => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(text)!
  const amount = BigInt(whole!) * 10n ** 18n + BigInt(fraction.padEnd(18, '0'))
  return sign ? -amount : amount
}

export interface Leg {
  readonly asset: string
  readonly amount: string
}

/** An order as its client gets it. */
export interface Order {
  readonly key: string
  readonly side: string
  readonly seq: number
  readonly status: 'settled' | 'rejected'
  readonly legs?: readonly Leg[]
}

export interface Entry {
  readonly seq: number
  readonly who: string
  readonly kind: string
  readonly key?: string
  readonly client?: string
  readonly fund?: string
  readonly asset?: string
  readonly amount?: string
  readonly status?: string
  readonly legs?: readonly Leg[]
  readonly fee?: Leg
  readonly units?: Readonly<Record<string, string>>
  readonly shares?: string
  readonly postings?: readonly (readonly [account: string, asset: string, amount: string, after: string])[]
  readonly hash: string
}

/** An order that was sent. `answer` is absent if none came; an order that was refused before it was written down has `refused` instead. */
export interface Sent {
  readonly who: string
  readonly key: string
  answer?: Order
  refused?: string
}

interface Reply {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly data: { readonly code: string; readonly retry: boolean; readonly order?: Order } }
}

/** One client's socket, with any number of requests under way. */
export class Trader {
  readonly who: string
  private readonly socket: WebSocket
  private readonly waiting = new Map<number, (reply: Reply | undefined) => void>()
  private ids = 0

  private constructor(who: string, url: string) {
    this.who = who
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { perMessageDeflate: false })
    this.socket.on('error', () => {})
    this.socket.on('message', data => {
      const reply = JSON.parse(String(data)) as Reply
      if (reply.id === undefined) return
      this.waiting.get(reply.id)?.(reply)
      this.waiting.delete(reply.id)
    })
    this.socket.on('close', () => {
      for (const resolve of this.waiting.values()) resolve(undefined)
      this.waiting.clear()
    })
  }

  static async open(who: string, url: string, token: string): Promise<Trader> {
    const trader = new Trader(who, url)
    await once(trader.socket, 'open')
    const reply = await trader.ask('auth', { token })
    if (reply?.result === undefined) throw new Error(`${who}: the token is no longer good`)
    return trader
  }

  get closed(): boolean {
    return this.socket.readyState !== WebSocket.OPEN
  }

  /** Resolves with the reply; undefined if the connection ended before it. */
  ask(method: string, params: object): Promise<Reply | undefined> {
    if (this.closed) return Promise.resolve(undefined)
    return new Promise(resolve => {
      this.ids += 1
      this.waiting.set(this.ids, resolve)
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id: this.ids, method, params }))
    })
  }

  /** Asks until the server no longer says that it may be asked again: one under load may have no room for now. */
  async insist(method: string, params: object): Promise<Reply> {
    for (;;) {
      const reply = await this.ask(method, params)
      if (reply === undefined) throw new Error(`${method}: the connection ended before the reply`)
      if (!reply.error?.data.retry) return reply
      await delay(20)
    }
  }

  /** Sends an order and notes what comes of it. */
  async order(method: string, params: { readonly key: string }, sent: Sent[]): Promise<void> {
    const note: Sent = { who: this.who, key: params.key }
    sent.push(note)
    const reply = await this.ask(method, params)
    if (reply === undefined) return
    const answer = (reply.result ?? reply.error?.data.order) as Order | undefined
    if (answer) note.answer = answer
    else note.refused = reply.error!.data.code
  }

  close(): void {
    this.socket.terminate()
  }
}

const FIRST = '0'.repeat(64)
const CLIENT = 'client:'

/** Reads the journal entry by entry, however often its server was killed, and throws if anything in it is impossible. */
export class Books {
  seq = 0
  private hash = FIRST
  /** By who and key. */
  readonly orders = new Map<string, Entry>()
  readonly registered = new Set<string>()
  /** 10⁻¹⁸ by account and asset. */
  private readonly balances = new Map<string, Map<string, bigint>>()
  /** By asset: what came from outside less what went there, by the contents of entries and not by their postings. */
  private readonly brought = new Map<string, bigint>()

  /** Reads on to the newest entry. */
  async read(url: string, token: string): Promise<void> {
    for (let more = true; more; ) {
      const response = await fetch(`${url}/v1/audit?after=${this.seq}&limit=10000`, { headers: { authorization: `Bearer ${token}` } })
      const { entries, next } = (await response.json()) as { entries: Entry[]; next?: number }
      for (const entry of entries) this.take(entry)
      more = next !== undefined
    }
    this.conserved()
  }

  balance(account: string, asset: string): bigint {
    return this.balances.get(account)?.get(asset) ?? 0n
  }

  /** Returns what a client owns, without zeros. */
  holdings(client: string): Map<string, bigint> {
    return new Map([...(this.balances.get(CLIENT + client) ?? [])].filter(([, amount]) => amount !== 0n))
  }

  private take(entry: Entry): void {
    const { hash, ...rest } = entry
    const fault = (what: string): never => {
      throw new Error(`entry ${entry.seq}: ${what}: ${JSON.stringify(entry)}`)
    }
    if (entry.seq !== this.seq + 1) fault(`follows ${this.seq}`)
    const expected = createHash('sha256').update(this.hash).update(JSON.stringify(rest)).digest('hex')
    if (hash !== expected) fault(`its hash should be ${expected}`)
    this.seq = entry.seq
    this.hash = hash
    if (entry.key !== undefined) {
      const name = `${entry.who}\n${entry.key}`
      if (this.orders.has(name)) fault('its key is there twice')
      this.orders.set(name, entry)
    }
    if (entry.kind === 'register') {
      if (this.registered.has(entry.client!)) fault('registered twice')
      this.registered.add(entry.client!)
    }
    this.post(entry, fault)
    this.bring(entry)
    const moved = movesOf(entry)
    const posted = new Map<string, bigint>()
    for (const [account, asset, amount] of entry.postings ?? []) add(posted, `${account} ${asset}`, scaled(amount))
    for (const name of new Set([...moved.keys(), ...posted.keys()]))
      if ((moved.get(name) ?? 0n) !== (posted.get(name) ?? 0n))
        fault(`half done: ${name} moved by ${posted.get(name)} and not ${moved.get(name)}`)
  }

  private post(entry: Entry, fault: (what: string) => never): void {
    for (const [account, asset, amount, after] of entry.postings ?? []) {
      const assets = this.balances.get(account) ?? new Map<string, bigint>()
      this.balances.set(account, assets)
      add(assets, asset, scaled(amount))
      const balance = assets.get(asset)!
      if (balance !== scaled(after)) fault(`${account} has ${balance} and not ${after}`)
      if (balance < 0n && account !== 'outside' && !account.startsWith('issued:')) fault(`${account} is overdrawn`)
    }
  }

  private bring({ kind, status, asset, amount, units, shares }: Entry): void {
    if (kind === 'deposit') add(this.brought, asset!, scaled(amount!))
    if (kind === 'withdrawal' && status === 'settled') add(this.brought, asset!, -scaled(amount!))
    if (kind === 'inception') for (const [each, of] of Object.entries(units!)) add(this.brought, each, up(scaled(of), scaled(shares!)))
  }

  /** Throws if clients, custody and fees together do not have of each asset what was brought. */
  private conserved(): void {
    const held = new Map<string, bigint>()
    for (const [account, assets] of this.balances) if (account !== 'outside') for (const [asset, amount] of assets) add(held, asset, amount)
    for (const [asset, amount] of held) {
      const expected = asset.startsWith('share:') ? 0n : (this.brought.get(asset) ?? 0n)
      if (amount !== expected) throw new Error(`${asset}: ${amount} are held and ${expected} were brought`)
    }
  }
}

const add = (sums: Map<string, bigint>, name: string, amount: bigint): void => void sums.set(name, (sums.get(name) ?? 0n) + amount)

/** Returns a × b in 10⁻¹⁸, rounded up. */
const up = (a: bigint, b: bigint): bigint => (a * b + 10n ** 18n - 1n) / 10n ** 18n

/** Returns everything that a settled order must have moved, by account and asset. */
const movesOf = ({
  kind,
  who,
  client,
  fund,
  asset,
  amount,
  status,
  legs = [],
  fee,
  units,
  shares,
  ...rest
}: Entry): Map<string, bigint> => {
  const moves = new Map<string, bigint>()
  const move = (from: string, to: string, what: string, n: bigint): void => {
    add(moves, `${from} ${what}`, -n)
    add(moves, `${to} ${what}`, n)
  }
  if (status === 'rejected') return moves
  const own = CLIENT + who
  switch (kind) {
    case 'create':
    case 'redeem': {
      const [giver, taker] = kind === 'create' ? [own, `custody:${fund}`] : [`custody:${fund}`, own]
      for (const leg of legs) move(giver, taker, leg.asset, scaled(leg.amount))
      if (fee) move(own, 'fees', fee.asset, scaled(fee.amount))
      if (kind === 'create') move(`issued:${fund}`, own, `share:${fund}`, scaled(amount!))
      else move(own, `issued:${fund}`, `share:${fund}`, scaled(amount!))
      break
    }
    case 'transfer':
      move(own, CLIENT + (rest as { to?: string }).to, asset!, scaled(amount!))
      break
    case 'deposit':
      move('outside', CLIENT + client, asset!, scaled(amount!))
      break
    case 'withdrawal':
      move(CLIENT + client, 'outside', asset!, scaled(amount!))
      break
    case 'inception':
      for (const [each, of] of Object.entries(units!)) move('outside', `custody:${fund}`, each, up(scaled(of), scaled(shares!)))
      move(`issued:${fund}`, 'client:sponsor', `share:${fund}`, scaled(shares!))
  }
  return moves
}
