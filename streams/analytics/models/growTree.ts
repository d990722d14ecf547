import type { Random } from '../random.ts'
import { type Bins, CODES, MISSING } from './bins.ts'
import { count, HistogramPool, type Slopes, strideOf } from './histogram.ts'
import { type Split, SplitSearch, type Sums } from './split.ts'
import type { Tree } from './tree.ts'

/** How far a tree grows. */
export interface Growth {
  /** `Infinity` for no bound. */
  readonly maxLeaves: number
  readonly maxDepth: number
  /** Rows that a leaf has at least. */
  readonly minLeaf: number
  /** Added to the curvature of a leaf (λ). */
  readonly lambda: number
  /** Features that each node may ask for, drawn for each node; all of them if left out. */
  readonly featuresPerNode?: number
}

/** A tree, and where the rows that it grew on ended. */
export interface Grown {
  readonly tree: Tree
  /** Leaf by leaf: its node, and its rows as places of the array of rows. */
  readonly leaves: readonly { readonly node: number; readonly from: number; readonly to: number }[]
}

interface Node {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly depth: number
  readonly sums: Sums
  /** Of all features; only while the node may still be split, and if features are not drawn. */
  histogram: Float64Array | undefined
  split: Split | undefined
}

/** A node of fewer rows is searched over the codes that it has, instead of all. */
const FEW_ROWS = 96
/** Larger than every value. Infinity is no JSON. */
const ALL_KNOWN = Number.MAX_VALUE

/**
 * Grows trees on the rows of one table: histogram trees as LightGBM and scikit-learn's HistGradientBoosting grow them. The open leaf with the
 * largest gain is split first; of two children the smaller one is counted, the larger one is parent − smaller. Gain
 * GL²/(HL+λ) + GR²/(HR+λ) − G²/(H+λ), leaf −G/(H+λ). With `featuresPerNode`, as in a forest, each node counts only the features it draws.
 */
export class TreeGrower {
  private readonly bins: Bins
  private readonly growth: Growth
  private readonly random: Random | undefined
  private readonly features: Int32Array
  private pool: HistogramPool | undefined
  private scratch = new Float64Array(0)
  private readonly occupied = new Int32Array(FEW_ROWS)
  private readonly moved: Int32Array

  /** Grows trees by `growth`; `random` draws the features, if they are drawn. */
  constructor(bins: Bins, growth: Growth, random?: Random) {
    this.bins = bins
    this.growth = growth
    this.random = random
    this.features = Int32Array.from(bins.codes, (_, f) => f)
    this.moved = new Int32Array(bins.rows)
  }

  /** Returns a tree for `rows`, which it puts into the order of the leaves. Rows may occur several times. */
  grow(slopes: Slopes, rows: Int32Array): Grown {
    const stride = strideOf(slopes)
    this.pool ??= new HistogramPool(this.features.length * CODES * stride)
    if (this.scratch.length === 0) this.scratch = new Float64Array(CODES * stride)
    const draft = new Draft()
    const leaves: Node[] = []
    const open: Node[] = []
    const place = (node: Node): void => {
      if (node.split === undefined) {
        this.close(node)
        leaves.push(node)
      } else open.push(node)
    }
    const root = nodeOf(draft.add(), 0, rows.length, 0, sumsOf(slopes, rows))
    this.search(root, slopes, rows)
    place(root)
    for (let next = this.next(open); next !== undefined; next = this.next(open)) {
      if (leaves.length + open.length + 2 > this.growth.maxLeaves) {
        leaves.push(next, ...open)
        for (const node of [next, ...open.splice(0)]) this.close(node)
        break
      }
      for (const child of this.parted(next, draft, slopes, rows)) place(child)
    }
    for (const { id, sums } of leaves) draft.leaf(id, -sums.gradient / (sums.hessian + this.growth.lambda), sums.rows)
    return { tree: draft.tree(), leaves: leaves.map(({ id, from, to }) => ({ node: id, from, to })) }
  }

  /** Takes the open node that is split next; the last one if all will be. */
  private next(open: Node[]): Node | undefined {
    if (this.growth.maxLeaves === Number.POSITIVE_INFINITY) return open.pop()
    let best = 0
    for (let i = 1; i < open.length; i++) if (open[i]!.split!.gain > open[best]!.split!.gain) best = i
    return open.splice(best, 1)[0]
  }

  private close(node: Node): void {
    this.pool!.give(node.histogram)
    node.histogram = undefined
  }

  private parted(node: Node, draft: Draft, slopes: Slopes, rows: Int32Array): Node[] {
    const split = node.split!
    const middle = this.partition(rows, node.from, node.to, split)
    const [whole, half] = [node.sums, split.left]
    const rest = { gradient: whole.gradient - half.gradient, rows: whole.rows - half.rows, hessian: whole.hessian - half.hessian }
    const left = nodeOf(draft.add(), node.from, middle, node.depth + 1, half)
    const right = nodeOf(draft.add(), middle, node.to, node.depth + 1, rest)
    const cuts = this.bins.cuts[split.feature]!
    draft.split(node.id, split, cuts[split.code] ?? ALL_KNOWN, left.id, right.id, whole.rows)
    if (node.histogram !== undefined && this.mayPart(left, right)) {
      const [small, large] = half.rows <= rest.rows ? [left, right] : [right, left]
      small.histogram = this.pool!.take()
      count(small.histogram, this.bins, slopes, this.features, rows, small.from, small.to)
      subtract(node.histogram, small.histogram)
      large.histogram = node.histogram
      node.histogram = undefined
    }
    this.close(node)
    this.search(left, slopes, rows)
    this.search(right, slopes, rows)
    return [left, right]
  }

  private mayPart(...nodes: readonly Node[]): boolean {
    return nodes.some(({ depth, sums }) => depth < this.growth.maxDepth && sums.rows >= 2 * this.growth.minLeaf)
  }

  /** Finds the node's best split, if it may have one. */
  private search(node: Node, slopes: Slopes, rows: Int32Array): void {
    if (!this.mayPart(node)) return
    const { minLeaf, lambda, featuresPerNode } = this.growth
    const stride = strideOf(slopes)
    const search = new SplitSearch(node.sums, minLeaf, lambda)
    if (featuresPerNode === undefined || featuresPerNode >= this.features.length) {
      if (node.histogram === undefined) {
        node.histogram = this.pool!.take()
        count(node.histogram, this.bins, slopes, this.features, rows, node.from, node.to)
      }
      for (const f of this.features) search.tryFeature(f, node.histogram, f * CODES * stride, stride, this.bins.cuts[f]!.length + 1)
    } else this.searchDrawn(search, featuresPerNode, slopes, rows, node)
    node.split = search.best
  }

  private searchDrawn(search: SplitSearch, drawn: number, slopes: Slopes, rows: Int32Array, { from, to }: Node): void {
    this.random!.shuffle(this.features, drawn)
    const stride = strideOf(slopes)
    for (let k = 0; k < drawn; k++) {
      const feature = this.features[k]!
      count(this.scratch, this.bins, slopes, [feature], rows, from, to)
      if (to - from > FEW_ROWS) {
        search.tryFeature(feature, this.scratch, 0, stride, this.bins.cuts[feature]!.length + 1)
        this.scratch.fill(0)
      } else {
        const codes = this.occupiedCodes(this.bins.codes[feature]!, rows, from, to)
        search.tryFeature(feature, this.scratch, 0, stride, codes, this.occupied)
        for (let k = 0; k < codes; k++) this.scratch.fill(0, this.occupied[k]! * stride, (this.occupied[k]! + 1) * stride)
        this.scratch.fill(0, MISSING * stride)
      }
    }
  }

  /** Puts the codes of these rows, but `MISSING`, ascending into `occupied`, each once. Returns how many there are. */
  private occupiedCodes(column: Uint8Array, rows: Int32Array, from: number, to: number): number {
    const { occupied } = this
    let codes = 0
    for (let i = from; i < to; i++) {
      const code = column[rows[i]!]!
      if (code === MISSING) continue
      let place = codes
      while (place > 0 && occupied[place - 1]! > code) place--
      if (place > 0 && occupied[place - 1] === code) continue
      occupied.copyWithin(place + 1, place, codes)
      occupied[place] = code
      codes += 1
    }
    return codes
  }

  /** Puts the rows that go left before the others, each side in its order. Returns the place of the first that goes right. */
  private partition(rows: Int32Array, from: number, to: number, { feature, code, missingLeft }: Split): number {
    const column = this.bins.codes[feature]!
    let left = from
    let right = 0
    for (let i = from; i < to; i++) {
      const row = rows[i]!
      const own = column[row]!
      if (own === MISSING ? missingLeft : own <= code) rows[left++] = row
      else this.moved[right++] = row
    }
    rows.set(this.moved.subarray(0, right), left)
    return left
  }
}

const nodeOf = (id: number, from: number, to: number, depth: number, sums: Sums): Node => ({
  id,
  from,
  to,
  depth,
  sums,
  histogram: undefined,
  split: undefined,
})

const sumsOf = ({ gradients, hessians }: Slopes, rows: Int32Array): Sums => {
  let gradient = 0
  let hessian = 0
  for (const row of rows) {
    gradient += gradients[row]!
    hessian += hessians === undefined ? 1 : hessians[row]!
  }
  return { gradient, rows: rows.length, hessian }
}

const subtract = (from: Float64Array, what: Float64Array): void => {
  for (let i = 0; i < from.length; i++) from[i] = from[i]! - what[i]!
}

/** A tree while it grows. */
class Draft {
  private readonly feature: number[] = []
  private readonly threshold: number[] = []
  private readonly missingLeft: number[] = []
  private readonly left: number[] = []
  private readonly right: number[] = []
  private readonly value: number[] = []
  private readonly cover: number[] = []

  add(): number {
    this.feature.push(-1)
    for (const column of [this.threshold, this.missingLeft, this.value, this.cover]) column.push(0)
    this.left.push(-1)
    return this.right.push(-1) - 1
  }

  split(node: number, { feature, missingLeft }: Split, threshold: number, left: number, right: number, cover: number): void {
    this.feature[node] = feature
    this.threshold[node] = threshold
    this.missingLeft[node] = missingLeft ? 1 : 0
    this.left[node] = left
    this.right[node] = right
    this.cover[node] = cover
  }

  leaf(node: number, value: number, cover: number): void {
    this.value[node] = value
    this.cover[node] = cover
  }

  tree(): Tree {
    return {
      feature: Int32Array.from(this.feature),
      threshold: Float64Array.from(this.threshold),
      missingLeft: Uint8Array.from(this.missingLeft),
      left: Int32Array.from(this.left),
      right: Int32Array.from(this.right),
      value: Float64Array.from(this.value),
      cover: Float64Array.from(this.cover),
    }
  }
}
