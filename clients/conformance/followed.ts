import { crc32 } from '../../streams/wire/crc32.ts'
import { applyPatch, canonical, type JsonObject } from '../../streams/wire/mergePatch.ts'
import { Mismatch, must } from './mismatch.ts'

/** A push of a channel as it came. */
export interface Push {
  readonly ch: string
  readonly epoch?: string
  readonly seq?: number
  readonly prev?: number
  readonly t?: number
  readonly snap?: JsonObject
  readonly d?: Record<string, unknown>
  readonly merged?: number
  readonly h?: string
  readonly rows?: readonly JsonObject[]
  readonly more?: boolean
  readonly error?: object
}

/** What the reply to `subscribe` says of a channel. */
export interface Subscribed {
  readonly epoch?: string
  readonly seq?: number
  readonly recovered?: boolean
  readonly rate?: number
  readonly error?: { readonly code: string; readonly message: string; readonly retry: boolean }
}

const utf8 = new TextEncoder()

/** Returns the checksum of a state: CRC-32 of its RFC 8785 form. */
export const checksumOf = (state: JsonObject): string => crc32(utf8.encode(canonical(state)))

/** A channel as a client follows it, which holds every push to the rules. */
export class Followed {
  readonly channel: string
  state: JsonObject = {}
  epoch = ''
  seq = -1
  t = 0
  /** The moment of the snapshot. */
  began = 0
  /** Pushes that had a state. */
  readonly pushes: { readonly push: Push; readonly at: number }[] = []
  readonly rows: JsonObject[] = []
  /** Pushes of rows. */
  pages = 0
  checksums = 0
  /** The state after each push, in its canonical form. */
  readonly texts = new Map<number, string>()

  constructor(channel: string) {
    this.channel = channel
  }

  /** The server has accepted the subscription: it goes on where it was, or begins with a snapshot. */
  accepted({ epoch, recovered }: Subscribed): void {
    if (recovered) {
      must(epoch === this.epoch, `${this.channel}: the reply`, epoch, `the epoch that was resumed, "${this.epoch}"`)
      return
    }
    this.epoch = epoch!
    this.seq = -1
    this.state = {}
  }

  /** Takes a push. Throws a Mismatch if it does not follow from what came before. */
  take(push: Push, at: number): void {
    const where = `${this.channel}, push ${push.seq ?? 'of rows'}`
    if (push.rows !== undefined) this.takeRows(push, where)
    else if (push.h !== undefined) {
      must(push.seq === this.seq, `${where}: seq of a checksum`, push.seq, `${this.seq}, that of the state`)
      must(push.h === checksumOf(this.state), `${where}: h`, push.h, `${checksumOf(this.state)}, the checksum of the state`)
      this.checksums += 1
    } else {
      must(Number.isInteger(push.seq) && Number.isInteger(push.t), where, push, 'a whole seq and a whole t')
      if (push.snap !== undefined) this.takeSnapshot(push, where)
      else this.takePatch(push, where)
      this.seq = push.seq!
      this.t = push.t!
      this.pushes.push({ push, at })
      this.texts.set(this.seq, canonical(this.state))
    }
  }

  private takeRows({ rows, more }: Push, where: string): void {
    must(Array.isArray(rows) && typeof more === 'boolean', where, { rows: typeof rows, more }, 'rows and more')
    must(this.seq === -1, where, 'rows behind the snapshot', 'rows before it')
    this.rows.push(...rows!)
    this.pages += 1
  }

  private takeSnapshot({ snap, epoch, t }: Push, where: string): void {
    must(epoch === this.epoch, `${where}: epoch`, epoch, `"${this.epoch}", as in the reply`)
    plain(snap, `${where}: snap`, false)
    this.state = snap!
    this.began = t!
  }

  private takePatch({ d, prev, seq, merged }: Push, where: string): void {
    must(typeof d === 'object' && d !== null, where, 'neither snap nor d nor h nor rows', 'one of them')
    must(this.seq >= 0, where, 'a patch before the snapshot', 'the snapshot first')
    const from = prev ?? seq! - 1
    must(from === this.seq, `${where}: prev`, from, `${this.seq}, the seq before`)
    if (merged !== undefined) must(merged === seq! - from, `${where}: merged`, merged, `${seq! - from}, seq − prev`)
    plain(d, `${where}: d`, true)
    this.state = applyPatch(this.state, d as JsonObject) as JsonObject
  }
}

/** Throws a Mismatch at a null, but to remove in a patch, and at an array, but the legs of an order. */
const plain = (value: unknown, where: string, isPatch: boolean): void => {
  if (Array.isArray(value)) {
    if (!where.endsWith('.legs')) throw new Mismatch(where, 'an array', 'none in a state')
  } else if (value === null) must(isPatch, where, 'null', 'an absent member')
  else if (typeof value === 'object') for (const [name, member] of Object.entries(value)) plain(member, `${where}.${name}`, isPatch)
}
