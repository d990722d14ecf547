import type { MemoryUsage, Usage } from './api/usage.ts'

/** What shared usage needs of a Redis. */
export interface UsageRedis {
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>
}

/** Time between two settlements, ms: in between a process knows only what it sees itself. */
const SETTLE_MS = 250

/** Settlements from one in which holdings are said to the next. */
const HOLDINGS_EVERY = 4

/** Time from the last word of a process until what it holds counts no more, ms. */
const HEARD_MS = 3_000

/** Keys of one settlement; what is more waits for the next. */
const KEYS_MAX = 5_000

/** One tag, so that a cluster keeps them in one place. */
const PREFIX = 'dw:{usage}:'

/**
 * Takes from buckets (`b`, key, n, a second) and says what is held by whom (`h`, key, n): all of one settlement in one step, by the clock of Redis.
 * Returns what is left in each bucket, and what others hold of each key.
 */
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local process, heard = ARGV[1], tonumber(ARGV[2])
local answers = {}
local i = 3
while i <= #ARGV do
  local kind, n = ARGV[i], tonumber(ARGV[i + 2])
  local key = KEYS[1] .. kind .. ':' .. ARGV[i + 1]
  if kind == 'b' then
    local most = tonumber(ARGV[i + 3])
    local known = redis.call('HMGET', key, 'left', 'at')
    local left = math.min(most, tonumber(known[1] or most) + (now - tonumber(known[2] or now)) * most / 1000) - n
    redis.call('HSET', key, 'left', tostring(left), 'at', now)
    redis.call('PEXPIRE', key, 60000)
    answers[#answers + 1] = tostring(left)
  else
    if n > 0 then redis.call('HSET', key, process, n .. ' ' .. now) else redis.call('HDEL', key, process) end
    local others = 0
    local all = redis.call('HGETALL', key)
    for j = 1, #all, 2 do
      local held, at = string.match(all[j + 1], '^(%S+) (%S+)$')
      if all[j] ~= process then
        if now - tonumber(at) <= heard then others = others + tonumber(held) else redis.call('HDEL', key, all[j]) end
      end
    end
    redis.call('PEXPIRE', key, heard)
    answers[#answers + 1] = tostring(others)
  end
  i = i + 4
end
return answers
`

interface Taken {
  n: number
  readonly perSecond: number
}

/**
 * What the clients of all processes of a cluster use. Each process decides by itself and at once. Four times a second they put together what they took,
 * and once a second what they hold: in between they may allow too much. Without Redis each counts for itself.
 */
export class SharedUsage implements Usage {
  /** Settlements that failed. */
  failures = 0
  private readonly own: MemoryUsage
  private readonly redis: UsageRedis
  private readonly process: string
  private readonly timer: NodeJS.Timeout
  private taken = new Map<string, Taken>()
  private readonly touched = new Set<string>()
  private readonly others = new Map<string, number>()
  private settling = false
  private rounds = 0

  /** `process`: a name that no other process has. */
  constructor(own: MemoryUsage, redis: UsageRedis, process: string) {
    this.own = own
    this.redis = redis
    this.process = process
    this.timer = setInterval(() => void this.settle(this.rounds++ % HOLDINGS_EVERY === 0), SETTLE_MS).unref()
  }

  get displaced(): number {
    return this.own.displaced
  }

  take(key: string, n: number, perSecond: number): number {
    const wait = this.own.take(key, n, perSecond)
    if (wait > 0) return wait
    const taken = this.taken.get(key)
    if (taken) taken.n += n
    else this.taken.set(key, { n, perSecond })
    return 0
  }

  held(key: string): number {
    return this.own.held(key) + (this.others.get(key) ?? 0)
  }

  hold(key: string, n: number): void {
    this.own.hold(key, n)
    this.touched.add(key)
  }

  /** Puts what this process saw together with what the others saw; `holdingsToo`: also of what is held. */
  async settle(holdingsToo = true): Promise<void> {
    if (this.settling) return
    this.settling = true
    const sent = [...this.taken].slice(0, KEYS_MAX)
    for (const [key] of sent) this.taken.delete(key)
    const holdings = holdingsToo ? [...this.touched].slice(0, KEYS_MAX) : []
    try {
      const args = [
        ...sent.flatMap(([key, { n, perSecond }]) => ['b', key, n, perSecond]),
        ...holdings.flatMap(key => ['h', key, this.own.held(key), 0]),
      ]
      const answers = args.length === 0 ? [] : ((await this.redis.eval(SCRIPT, 1, PREFIX, this.process, HEARD_MS, ...args)) as string[])
      sent.forEach(([key], i) => {
        this.own.set(key, Number(answers[i]) - (this.taken.get(key)?.n ?? 0))
      })
      holdings.forEach((key, i) => {
        const others = Number(answers[sent.length + i])
        if (others > 0) this.others.set(key, others)
        else this.others.delete(key)
        // What is held is said again each time: a process that is not heard of holds nothing.
        if (others === 0 && this.own.held(key) === 0) this.touched.delete(key)
      })
    } catch {
      this.failures += 1
      this.others.clear()
    } finally {
      this.settling = false
    }
  }

  /** Stops: from now on this process counts for itself. */
  close(): void {
    clearInterval(this.timer)
  }
}
