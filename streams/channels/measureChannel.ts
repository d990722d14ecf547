import type { AssetList, Field, Group, Measure, Notes, RowOf, ShownField, ShownOf, ValueType } from '../measures/fields.ts'
import type { Branch, ExactLeaf, NumberLeaf, TextLeaf } from './stateTree.ts'

type Members = Readonly<Record<string, unknown>>
type Writer = (members: Members) => void

/**
 * Returns the writer of a measure's figures into the state below `root`. It is built once for a channel; in a frame it only sets
 * leaves, and a text is made only of a value that changed.
 */
export const showMeasure = <M extends Measure>(root: Branch, { entries }: M): ((figures: RowOf<M> & ShownOf<M>) => void) => {
  const figures = new Leaves()
  const writers: Writer[] = []
  for (const entry of entries) {
    if (entry.form === 'place') for (const branch of entry.branches) root.branch(branch)
    else if (entry.form === 'list') writers.push(showList(root, entry))
    else if (entry.form === 'notes') writers.push(showNotes(root, entry))
    else if (entry.form === 'group') writers.push(showGroup(root, entry))
    else if (entry.form !== 'kept') figures.add(root, entry)
  }
  return row => {
    const members = row as unknown as Members
    figures.set(members)
    for (let i = 0; i < writers.length; i++) writers[i]!(members)
  }
}

/** A leaf that is no rounded number: it is set only if the member has changed, since some become texts first. */
class ExactOrText {
  readonly member: string
  /** The member as it is shown. */
  shown: unknown = undefined
  private readonly leaf: ExactLeaf | TextLeaf
  private readonly type: ValueType<unknown>

  constructor(branch: Branch, key: string, member: string, type: ValueType<unknown>) {
    this.member = member
    this.type = type
    this.leaf = type.leaf === 'exact' ? branch.exact(key) : branch.value(key)
  }

  show(value: unknown): void {
    this.shown = value
    this.leaf.set((value === undefined ? undefined : this.type.json(value)) as undefined)
  }
}

/** Leaves of one object's members. */
class Leaves {
  private readonly rounded: NumberLeaf[] = []
  private readonly members: string[] = []
  private readonly branches = new Set<Branch>()
  private readonly others: ExactOrText[] = []

  /** Adds a leaf at the field's place below `root`. */
  add(root: Branch, { member, type, place }: Field | ShownField): void {
    const dot = place.indexOf('.')
    const branch = dot < 0 ? root : root.branch(place.slice(0, dot))
    if (dot >= 0) this.branches.add(branch)
    const key = place.slice(dot + 1)
    if (type.leaf === 'rounded') {
      this.rounded.push(branch.number(key))
      this.members.push(member)
    } else this.others.push(new ExactOrText(branch, key, member, type))
  }

  /** Sets every leaf to its member; a leaf without one becomes absent. */
  set(object: Members): void {
    const { rounded, members, others } = this
    for (let i = 0; i < rounded.length; i++) rounded[i]!.set(object[members[i]!] as number | undefined)
    for (let i = 0; i < others.length; i++) {
      const other = others[i]!
      const value = object[other.member]
      if (value !== other.shown) other.show(value)
    }
    // An object of which nothing is known is absent, whatever was known before.
    for (const branch of this.branches) if (branch.size === 0) branch.remove()
  }
}

/**
 * All leaves of a list lie asset by asset in two arrays, since a frame spends most of its time here. They are found by the asset's place
 * in the list, while the order of the assets stays what it was.
 */
const showList = (root: Branch, { member, shape, fields }: AssetList): Writer => {
  const map = shape === 'objects' ? root.branch(member).keep() : undefined
  const maps = map ? [] : fields.map(({ place }) => root.branch(place))
  const members = fields.filter(({ type }) => type.leaf === 'rounded').map(field => field.member)
  const [inRounded, inOthers] = [members.length, fields.length - members.length]
  const assets: string[] = []
  const rounded: NumberLeaf[] = []
  const others: ExactOrText[] = []
  const open = (i: number, asset: string): void => {
    let [nextRounded, nextOther] = [i * inRounded, i * inOthers]
    for (const [k, { member: name, type, place }] of fields.entries()) {
      const branch = map ? map.branch(asset) : maps[k]!
      const key = map ? place : asset
      if (type.leaf === 'rounded') rounded[nextRounded++] = branch.number(key)
      else others[nextOther++] = new ExactOrText(branch, key, name, type)
    }
    assets[i] = asset
  }
  return row => {
    const elements = row[member] as readonly Members[]
    let [nextRounded, nextOther] = [0, 0]
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i]!
      if (assets[i] !== element.asset) open(i, element.asset as string)
      for (let k = 0; k < inRounded; k++) rounded[nextRounded++]!.set(element[members[k]!] as number)
      for (let k = 0; k < inOthers; k++) {
        const other = others[nextOther++]!
        const value = element[other.member]
        if (value !== other.shown) other.show(value)
      }
    }
  }
}

const showNotes = (root: Branch, { member, fixed }: Notes): Writer => {
  const branch = root.branch(member)
  if (fixed === undefined) {
    branch.keep()
    return members => {
      const pairs = members[member] as readonly (readonly [asset: string, reason: string])[]
      for (const [asset, reason] of pairs) branch.value(asset).set(reason)
      if (branch.size > pairs.length) branch.retain(asset => pairs.some(([name]) => name === asset))
    }
  }
  return members => {
    const assets = members[member] as readonly string[]
    for (const asset of assets) branch.value(asset).set(fixed)
    if (assets.length === 0) branch.remove()
    else if (branch.size > assets.length) branch.retain(asset => assets.includes(asset))
  }
}

const NONE: Members = {}

const showGroup = (root: Branch, { member, fields }: Group): Writer => {
  const leaves = new Leaves()
  for (const field of fields) leaves.add(root, field)
  const branches = [...new Set(fields.filter(({ place }) => place.includes('.')).map(({ place }) => place.slice(0, place.indexOf('.'))))]
  return members => {
    const group = members[member] as Members | undefined
    leaves.set(group ?? NONE)
    if (group === undefined) for (const name of branches) root.branch(name).remove()
  }
}
