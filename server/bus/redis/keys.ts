/** The keys by which a core and its gateways meet. All of one shard lie in one slot of a cluster. */
export interface FrameKeys {
  /** The stream of frames; ids are `<term>-<n>`. */
  readonly frames: string
  /** The stream of what gateways want to follow. */
  readonly wishes: string
}

/** Returns the keys of a shard. */
export const frameKeys = (shard: string): FrameKeys => ({ frames: `{dw:${shard}}:frames`, wishes: `{dw:${shard}}:wishes` })

/** The shard that has everything. */
export const WHOLE = 'all'

/** Reads an id of the stream of frames. */
export const frameId = (id: string): { readonly term: number; readonly n: number } => {
  const dash = id.indexOf('-')
  return { term: Number(id.slice(0, dash)), n: Number(id.slice(dash + 1)) }
}

/** Returns the epoch of all numbers that a core gives in its term. */
export const epochOf = (term: number): string => term.toString(36)
