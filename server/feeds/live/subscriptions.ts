/** ms: a topic whose refusal seems to have cost the connection is not asked for again before. */
const AGAIN_MS = 600_000
/** ms: a connection that is lost within this time after a refusal is lost because of it. */
const BECAUSE_MS = 5_000

/** A request that was not answered yet. */
interface Pending {
  readonly id: number
  readonly topics: readonly string[]
}

/** A topic that the venue refused, and its words. */
interface Refused {
  readonly why: string
  readonly at: number
}

/**
 * What a connection asks its venue for, by requests of several topics. If a venue refuses a request for the sake of one topic, the others are
 * asked for again without it: without the topics that its words name, or, if they name none, half by half until it is found.
 */
export class Subscriptions {
  private readonly message: (topics: readonly string[], id: number) => string
  /** Topics that go together in a request. */
  private groups: readonly (readonly string[])[]
  private pending: Pending[] = []
  private readonly refusedTopics = new Map<string, Refused>()
  private refusedAt = Number.NEGATIVE_INFINITY
  private costly = false
  private nextId = 1

  /** `message`: the request for some topics of a group, with its number. */
  constructor(groups: readonly (readonly string[])[], message: (topics: readonly string[], id: number) => string) {
    this.groups = groups
    this.message = message
  }

  /** What was refused, topic by topic, with the venue's words. */
  get refused(): ReadonlyMap<string, Refused> {
    return this.refusedTopics
  }

  /** Returns the requests of a new connection. A topic that was refused before is asked for by itself. */
  open(now: number): string[] {
    this.pending = []
    const alone = [...this.refusedTopics].filter(([, { at }]) => !this.costly || now - at >= AGAIN_MS).map(([topic]) => [topic])
    return [...this.groups, ...alone].map(topics => this.ask(topics))
  }

  /** Notes that the connection was lost. */
  lost(now: number): void {
    if (now - this.refusedAt < BECAUSE_MS) this.costly = true
  }

  /** Notes that the venue accepted a request, or some topics. Returns whether something that was refused before is now accepted. */
  accepted(id: number | undefined, topics: readonly string[]): boolean {
    // Answers come in the order of the requests: one that names neither belongs to the oldest.
    const whole = topics.length > 0 ? undefined : (this.pending.find(pending => pending.id === id) ?? this.pending[0])
    const known = new Set(whole?.topics ?? topics)
    this.pending = this.pending.flatMap(pending => {
      const left = pending.topics.filter(topic => !known.has(topic))
      return left.length === 0 ? [] : [{ ...pending, topics: left }]
    })
    return [...known].filter(topic => this.refusedTopics.delete(topic)).length > 0
  }

  /**
   * Notes that the venue refused something, and why. `id`: the request, if the venue names it. `alone`: only what the words name is refused,
   * and the rest of the request is not. Returns the requests to send; undefined if nothing that was asked for is meant.
   */
  refuse(why: string, id: number | undefined, alone: boolean, now: number): readonly string[] | undefined {
    const pending =
      this.pending.find(each => each.id === id) ?? this.pending.find(each => namedIn(why, each.topics).length > 0) ?? this.pending[0]
    if (pending === undefined) return undefined
    this.refusedAt = now
    const named = namedIn(why, pending.topics)
    const refused = named.length > 0 ? named : pending.topics.length === 1 ? pending.topics : []
    for (const topic of refused) this.refusedTopics.set(topic, { why, at: now })
    const rest = pending.topics.filter(topic => !refused.includes(topic))
    this.pending = this.pending.flatMap(each => (each !== pending ? [each] : alone && rest.length > 0 ? [{ ...each, topics: rest }] : []))
    if (alone) {
      this.regroup(pending.topics, [rest])
      return []
    }
    const middle = Math.ceil(rest.length / 2)
    const parts = (refused.length > 0 ? [rest] : [rest.slice(0, middle), rest.slice(middle)]).filter(part => part.length > 0)
    this.regroup(pending.topics, parts)
    return parts.map(topics => this.ask(topics))
  }

  /** Puts `parts` in the place of topics that went together. */
  private regroup(topics: readonly string[], parts: readonly (readonly string[])[]): void {
    const others = this.groups.map(group => group.filter(topic => !topics.includes(topic)))
    this.groups = [...others, ...parts].filter(group => group.length > 0)
  }

  private ask(topics: readonly string[]): string {
    const id = this.nextId++
    this.pending.push({ id, topics })
    return this.message(topics, id)
  }
}

/** Returns the topics that a venue's words name: by their whole names, else by the symbol behind the last separator. */
const namedIn = (why: string, topics: readonly string[]): readonly string[] => {
  const whole = topics.filter(topic => contains(why, topic))
  return whole.length > 0 ? whole : topics.filter(topic => contains(why, symbolOf(topic)))
}

const symbolOf = (topic: string): string => topic.slice(Math.max(topic.lastIndexOf('.'), topic.lastIndexOf(':')) + 1)

/** Whether a text has a name that is no part of a longer one. */
const contains = (text: string, name: string): boolean => {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!GOES_ON.test(text[at - 1] ?? ' ') && !GOES_ON.test(text[at + name.length] ?? ' ')) return true
  }
  return false
}

const GOES_ON = /[\p{L}\p{N}/-]/u
