/** What a socket keeps for `Topics`. */
interface Following {
  /** The topics that it follows. */
  readonly topics: Set<string>
}

const NOBODY: ReadonlySet<never> = new Set()

/** Sockets by the topics that they follow. A topic that nobody follows takes no memory. */
export class Topics<S extends Following> {
  private readonly followers = new Map<string, Set<S>>()

  /** Returns those who follow a topic. */
  of(topic: string): ReadonlySet<S> {
    return this.followers.get(topic) ?? NOBODY
  }

  subscribe(socket: S, topic: string): void {
    let followers = this.followers.get(topic)
    if (!followers) {
      followers = new Set()
      this.followers.set(topic, followers)
    }
    followers.add(socket)
    socket.topics.add(topic)
  }

  unsubscribe(socket: S, topic: string): void {
    const followers = this.followers.get(topic)
    if (!followers?.delete(socket)) return
    socket.topics.delete(topic)
    if (followers.size === 0) this.followers.delete(topic)
  }

  /** Lets a socket go from all topics. */
  forget(socket: S): void {
    for (const topic of socket.topics) this.unsubscribe(socket, topic)
  }
}
