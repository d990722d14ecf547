import type { RedisClient } from '../redis/connection.ts'

/** A hash of all processes: name → what each says of itself, as JSON with the time `t`, ms. */
const KEY = '{dw:all}:nodes'
const BEAT_MS = 1_000
/** Silence after which a process is forgotten, ms. */
const FORGOTTEN_MS = 60_000

/** Says each second to operators and other processes that this one lives, and what it is. */
export class Heartbeat {
  private readonly client: RedisClient
  private readonly name: string
  private readonly facts: () => object
  private readonly timer: NodeJS.Timeout
  private beats = 0

  constructor(client: RedisClient, name: string, facts: () => object) {
    this.client = client
    this.name = name
    this.facts = facts
    this.timer = setInterval(() => void this.beat(), BEAT_MS)
    void this.beat()
  }

  /** Says nothing any more, and is forgotten. */
  async end(): Promise<void> {
    clearInterval(this.timer)
    await this.client.hdel(KEY, this.name).catch(() => {})
  }

  private async beat(): Promise<void> {
    try {
      const now = Date.now()
      await this.client.hset(KEY, this.name, JSON.stringify({ t: now, ...this.facts() }))
      this.beats += 1
      if (this.beats % 30 === 1) await this.forget(now)
    } catch {
      // Redis is away.
    }
  }

  private async forget(now: number): Promise<void> {
    for (const [name, text] of Object.entries(await this.client.hgetall(KEY))) {
      const { t } = JSON.parse(text) as { t: number }
      if (now - t > FORGOTTEN_MS) await this.client.hdel(KEY, name)
    }
  }
}
