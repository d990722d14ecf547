import { canonical, type Json } from '../wire/mergePatch.ts'
import { type ByteWriter, POWERS, utf8Bytes } from './byteWriter.ts'

/**
 * A channel's state: a tree whose leaves have the sequence number at which they last changed. That one number is all the wire needs: the
 * patch of a frame is `since(seq - 1)`, the merged patch of a client that fell behind at 41 is `since(41)`, and neither costs memory a
 * client. Values are written in place by the measures; nothing leaves before `commit`.
 *
 * NaN and undefined make a leaf absent, so no NaN, Infinity or null can reach a client, whatever a measure computes.
 */
export class StateTree {
  /** Number of the last committed patch; 0 before the first. */
  seq = 0
  /** Below this number removed keys are forgotten, and `since` returns nothing. */
  floor = 0
  readonly digits: number
  readonly root: Branch

  constructor(digits: number) {
    this.digits = digits
    this.root = new Branch(this, null, '')
  }

  /** Whether something was written since the last commit. */
  get dirty(): boolean {
    return this.root.changed > this.seq
  }

  /** Numbers what was written since the last commit; false if nothing changed. */
  commit(): boolean {
    if (!this.dirty) return false
    this.seq += 1
    return true
  }

  /** Writes the merge patch from the state at `seq` to the present one. Writes nothing and returns false if that is too long ago. */
  since(seq: number, out: ByteWriter): boolean {
    if (seq < this.floor || seq > this.seq) return false
    this.root.patch(seq, out)
    return true
  }

  /** Writes the whole state, as JSON. */
  snapshot(out: ByteWriter): void {
    this.root.write(out)
  }

  /** Writes the RFC 8785 form of the state, for its checksum. */
  canonical(out: ByteWriter): void {
    this.root.canonical(out)
  }

  /** Whether nothing is known of it. */
  get empty(): boolean {
    return this.root.size === 0
  }

  /** Returns the member at a path such as `inav.mid`; undefined if there never was one. */
  find(path: string): Member | undefined {
    return this.root.find(path)
  }
}

/** A member of a state, to be read. */
export type Member = Node

abstract class Node {
  readonly key: string
  /** The key as it is written behind another member: `,"nav":` */
  readonly head: Uint8Array
  readonly state: StateTree
  readonly parent: Branch | null
  changed = 0
  present = false

  constructor(state: StateTree, parent: Branch | null, key: string) {
    this.state = state
    this.parent = parent
    this.key = key
    this.head = utf8Bytes(`,${JSON.stringify(key)}:`)
  }

  abstract write(out: ByteWriter): void

  /** The value as a number; NaN if it is none. */
  get asNumber(): number {
    return Number.NaN
  }

  canonical(out: ByteWriter): void {
    this.write(out)
  }

  /** Marks this node and all above it as changed by the coming patch; a member that is present makes its branch present. */
  protected touch(present: boolean): void {
    const seq = this.state.seq + 1
    if (this.changed === seq && this.present === present) return
    this.changed = seq
    if (this.present !== present && this.parent) this.parent.removed += present ? -1 : 1
    this.present = present
    for (let p = this.parent; p !== null && (p.changed !== seq || (present && !p.present)); p = p.parent) {
      p.changed = seq
      if (present && !p.present) {
        p.present = true
        if (p.parent) p.parent.removed -= 1
      }
    }
  }

  remove(): void {
    if (this.present) this.touch(false)
  }
}

/** A number rounded to significant digits. */
export class NumberLeaf extends Node {
  /** The value is `mantissa` ÷ 10^`places`: so a number is rounded, compared and written without ever being divided. */
  mantissa = 0
  places = 0
  private readonly digits: number
  private readonly least: number
  private readonly most: number

  /** Rounds to `digits` significant digits, 15 at most. */
  constructor(state: StateTree, parent: Branch, key: string, digits: number) {
    super(state, parent, key)
    this.digits = digits
    this.least = POWERS[digits - 1]!
    this.most = POWERS[digits]!
  }

  /** Sets the value; NaN, infinities and undefined remove it. */
  set(value: number | undefined): void {
    const size = value === undefined ? Number.NaN : Math.abs(value)
    if (!(size < Number.POSITIVE_INFINITY)) {
      this.remove()
      return
    }
    // The exponent is mostly that of the value before.
    let places = this.places
    let mantissa = scaled(size, places)
    if (!(mantissa >= this.least && mantissa < this.most)) {
      places = size === 0 ? 0 : this.digits - 1 - Math.floor(Math.log10(size))
      mantissa = scaled(size, places)
      if (mantissa >= this.most) {
        places -= 1
        mantissa = scaled(size, places)
      }
    }
    if (value! < 0) mantissa = -mantissa
    if (mantissa === this.mantissa && places === this.places && this.present) return
    this.mantissa = mantissa
    this.places = places
    this.touch(true)
  }

  write(out: ByteWriter): void {
    out.decimal(this.mantissa, this.places)
  }

  override get asNumber(): number {
    const { mantissa, places } = this
    if (places >= 0) return places <= 22 ? mantissa / POWERS[places]! : mantissa / 10 ** places
    return places >= -22 ? mantissa * POWERS[-places]! : mantissa * 10 ** -places
  }
}

/** Returns size × 10^places as an integer. Exact powers of ten reach to 10²²; beyond, a product of two is good enough for a measure. */
const scaled = (size: number, places: number): number => {
  if (places >= 0) return Math.round(places <= 22 ? size * POWERS[places]! : size * 1e22 * 10 ** Math.min(places - 22, 300))
  return Math.round(places >= -22 ? size / POWERS[-places]! : size / 10 ** -places)
}

/** A number with every digit: times, counts, sums that are compared to the last digit. */
export class ExactLeaf extends Node {
  private value = Number.NaN

  /** Sets the value; NaN, infinities and undefined remove it. */
  set(value: number | undefined): void {
    const next = value === undefined || !Number.isFinite(value) ? Number.NaN : value
    if (next === this.value && this.present) return
    this.value = next
    if (Number.isNaN(next)) this.remove()
    else this.touch(true)
  }

  write(out: ByteWriter): void {
    if (Number.isSafeInteger(this.value) && Math.abs(this.value) < 1e15) out.decimal(this.value, 0)
    else out.ascii(`${this.value}`)
  }

  override get asNumber(): number {
    return this.value
  }
}

/** A string, a boolean, or a list, which changes as a whole. */
export class TextLeaf extends Node {
  private value: string | boolean | readonly Json[] = ''
  private encoded = utf8Bytes('""')

  /** Sets the value; undefined removes it. A list counts as changed if it is another object. */
  set(value: string | boolean | readonly Json[] | undefined): void {
    if (value === undefined) this.remove()
    else if (value !== this.value || !this.present) {
      this.value = value
      this.encoded = value === true ? TRUE : value === false ? FALSE : utf8Bytes(canonical(value))
      this.touch(true)
    }
  }

  write(out: ByteWriter): void {
    out.bytes(this.encoded)
  }

  /** The value. */
  get text(): string | boolean | readonly Json[] {
    return this.value
  }

  /** An amount that is a string is a number, too. */
  override get asNumber(): number {
    return typeof this.value === 'string' && this.value !== '' ? Number(this.value) : Number.NaN
  }
}

const TRUE = utf8Bytes('true')
const FALSE = utf8Bytes('false')
const NULL = utf8Bytes('null')
const OPEN = 0x7b
const CLOSE = 0x7d

/** Removed keys that a branch remembers beyond the number it holds, before the older half is forgotten. */
const TOMBSTONES_MAX = 1024

/** An object in the state. */
export class Branch extends Node {
  /** Children that are absent: removed, or made and not yet written. */
  removed = 0
  private children: Node[] = []
  /** Those of `children` that are rounded numbers: nearly all that change, so the loop over them sees one class only. */
  private numbers: NumberLeaf[] = []
  private others: Node[] = []
  private readonly byKey = new Map<string, Node>()
  private sorted: Node[] | undefined

  /** Returns a number rounded to the state's significant digits. The same key always gives the same leaf. */
  number(key: string): NumberLeaf {
    return this.child(key, () => new NumberLeaf(this.state, this, key, this.state.digits), NumberLeaf)
  }

  /** Returns a number with every digit. */
  exact(key: string): ExactLeaf {
    return this.child(key, () => new ExactLeaf(this.state, this, key), ExactLeaf)
  }

  /** Returns a string, a boolean or a list. */
  value(key: string): TextLeaf {
    return this.child(key, () => new TextLeaf(this.state, this, key), TextLeaf)
  }

  /** Returns an object. */
  branch(key: string): Branch {
    return this.child(key, () => new Branch(this.state, this, key), Branch)
  }

  /** Removes the member of this key, whatever it is; without one, makes none: it may be of any kind when it comes. */
  absent(key: string): void {
    this.byKey.get(key)?.remove()
  }

  /** Makes the branch present, as `{}` if it holds nothing. */
  keep(): this {
    if (!this.present) this.touch(true)
    return this
  }

  override remove(): void {
    if (!this.present) return
    for (const child of this.children) child.remove()
    super.remove()
  }

  /** Removes every child for which `stays` is false. */
  retain(stays: (key: string) => boolean): void {
    for (const child of this.children) if (child.present && !stays(child.key)) child.remove()
  }

  get size(): number {
    return this.children.length - this.removed
  }

  /** Returns the member at a path of keys with dots between them; keys may have dots themselves. */
  find(path: string): Node | undefined {
    const own = this.byKey.get(path)
    if (own) return own
    for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
      const child = this.byKey.get(path.slice(0, dot))
      const found = child instanceof Branch ? child.find(path.slice(dot + 1)) : undefined
      if (found) return found
    }
    return undefined
  }

  private child<N extends Node>(key: string, make: () => N, kind: new (...args: never[]) => N): N {
    const known = this.byKey.get(key)
    if (known instanceof kind) return known
    if (known) throw new TypeError(`state: found a ${known.constructor.name} at "${key}", expected a ${kind.name}`)
    if (this.removed > TOMBSTONES_MAX && this.removed > this.children.length / 2) this.forget()
    const node = make()
    this.children.push(node)
    if (node instanceof NumberLeaf) this.numbers.push(node)
    else this.others.push(node)
    this.byKey.set(key, node)
    this.removed += 1
    this.sorted = undefined
    return node
  }

  /** Forgets the older half of the removed keys; no patch can be made from a state before them any more. */
  private forget(): void {
    const gone = this.children.filter(c => !c.present).sort((a, b) => a.changed - b.changed)
    const limit = gone[gone.length >> 1]!.changed
    this.state.floor = Math.max(this.state.floor, limit)
    this.children = this.children.filter(c => {
      const stays = c.present || c.changed > limit || c.changed > this.state.seq
      if (!stays) {
        this.byKey.delete(c.key)
        this.removed -= 1
      }
      return stays
    })
    this.numbers = this.children.filter(c => c instanceof NumberLeaf)
    this.others = this.children.filter(c => !(c instanceof NumberLeaf))
    this.sorted = undefined
  }

  /** Writes the members that changed after `seq`, as a merge patch. */
  patch(seq: number, out: ByteWriter): void {
    const start = out.position
    const { numbers, others } = this
    out.numbers(numbers, seq)
    for (let i = 0; i < others.length; i++) {
      const child = others[i]!
      if (child.changed <= seq) continue
      out.bytes(child.head)
      if (!child.present) out.bytes(NULL)
      else if (child instanceof Branch) child.patch(seq, out)
      else child.write(out)
    }
    close(out, start)
  }

  write(out: ByteWriter): void {
    const start = out.position
    for (const child of this.children) {
      if (!child.present) continue
      out.bytes(child.head)
      child.write(out)
    }
    close(out, start)
  }

  override canonical(out: ByteWriter): void {
    this.sorted ??= [...this.children].sort((a, b) => (a.key < b.key ? -1 : 1))
    const start = out.position
    for (const child of this.sorted) {
      if (!child.present) continue
      out.bytes(child.head)
      child.canonical(out)
    }
    close(out, start)
  }
}

/** Makes an object of the members written since `start`: the comma before the first becomes the brace that opens it. */
const close = (out: ByteWriter, start: number): void => {
  if (out.position === start) out.byte(OPEN)
  else out.overwrite(start, OPEN)
  out.byte(CLOSE)
}
