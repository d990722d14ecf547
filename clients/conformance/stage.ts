import { applyPatch, type JsonObject } from '../../streams/wire/mergePatch.ts'
import { checksumOf } from './followed.ts'
import { Mismatch, must, Skipped, same } from './mismatch.ts'
import type { Asked, ClientLine, ScriptedServer } from './scriptedServer.ts'

/** The channel that the client under test follows. */
export const CHANNEL = 'fund:CONFORMANCE'

/** How long the client may take to connect or to come back, and to subscribe, ms. */
const CONNECT_MS = 30_000
const SUBSCRIBE_MS = 5_000
/** How long it is watched for subscribing again, ms. */
const WATCH_MS = 600

/** What the server has, and the client that follows it. */
export class Stage {
  line: ClientLine | undefined
  state: JsonObject = {}
  epoch = 'first'
  seq = 100
  /** The client proves its states. */
  checksum = false
  private readonly server: ScriptedServer
  private t = 1_723_161_254_000

  constructor(server: ScriptedServer) {
    this.server = server
  }

  /** Resolves with the subscription of a client that connects. */
  async opened(): Promise<Asked> {
    const line = await this.server.connection(CONNECT_MS)
    if (line === undefined) throw new Mismatch('a connection', `none within ${CONNECT_MS / 1000} s`, 'a client')
    this.line = line
    return this.subscription()
  }

  /** Resolves with the subscription that the client asks for. */
  async subscription(): Promise<Asked> {
    const asked = await this.line!.subscription(SUBSCRIBE_MS)
    const { faults } = this.line!
    if (faults.length > 0) throw new Mismatch('a request', faults[0], 'JSON-RPC 2.0')
    if (asked === undefined) throw new Mismatch('a subscription', `none within ${SUBSCRIBE_MS / 1000} s`, `subscribe with ${CHANNEL}`)
    must(asked.channels.includes(CHANNEL), 'subscribe: channels', asked.channels, `${CHANNEL} among them`)
    this.checksum = asked.checksum
    return asked
  }

  /** Answers a subscription. */
  reply({ id, channels }: Asked, more: object = {}): void {
    const said = { epoch: this.epoch, seq: this.seq, ...more }
    this.line!.send({ jsonrpc: '2.0', id, result: Object.fromEntries(channels.map(channel => [channel, said])) })
  }

  /** Pushes a whole state. */
  snapshot(state: JsonObject): void {
    this.state = state
    this.seq += 1
    this.push({ epoch: this.epoch, seq: this.seq, t: this.t++, snap: state })
  }

  /** Pushes a patch. Of `merged` patches it is one, which says so. */
  patch(d: object, merged = 1): void {
    const prev = this.seq
    this.miss(d, merged)
    this.push({ seq: this.seq, ...(merged > 1 && { prev, merged }), t: this.t++, d })
  }

  /** Changes the state without a push. */
  miss(d: object, count = 1): void {
    this.state = applyPatch(this.state, d as JsonObject) as JsonObject
    this.seq += count
  }

  /** Pushes something of the channel. */
  push(members: object): void {
    this.line!.send({ ch: CHANNEL, ...members })
  }

  /** Sends the right checksum. The client must not subscribe again: it has the same state. */
  async agrees(): Promise<void> {
    if (!this.checksum) throw new Skipped('the client asks for no checksums, so its states cannot be seen')
    this.push({ seq: this.seq, h: checksumOf(this.state) })
    const again = await this.line!.subscription(WATCH_MS)
    must(!this.line!.closed, 'the line', 'it was closed by the client', 'that it stays')
    must(
      again === undefined,
      'after the right checksum',
      'that the client subscribes again',
      `that it has the state ${JSON.stringify(this.state)}`,
    )
  }

  /** Lets the client begin again, whatever was before. */
  async reset(): Promise<void> {
    this.line?.end()
    const asked = await this.opened()
    this.epoch = `after-${this.seq}`
    this.reply(asked, { recovered: false })
    this.snapshot({ nav: 100 })
  }

  /** Cuts the line. The client must come back and resume from what it has. */
  async resumed(): Promise<Asked> {
    const { epoch, seq } = this
    this.line!.end()
    const asked = await this.opened()
    same(`subscribe: resume of ${CHANNEL}`, asked.resume[CHANNEL], { epoch, seq })
    return asked
  }
}
