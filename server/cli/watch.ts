import { connect, type Driftwire, type RequestError } from '../../clients/driftwire-client/src/index.ts'
import { parseChannel } from '../../streams/wire/channels.ts'
import { readCount, UsageError } from '../config/options.ts'
import { answering, type RunningServer, ServerError, type ServerOptions, serverOf } from './server.ts'
import type { Followed, WatchOutput } from './watchOutput.ts'
import { wireUrl } from './wire.ts'

interface WatchOptions extends ServerOptions {
  readonly rate?: string
  readonly count?: string
  readonly json?: boolean
}

/** States a second and channel, unless something else is asked for. */
const RATE = '5'

/**
 * Runs `watch CHANNEL…`: a table that is redrawn in place on a terminal; elsewhere, and with `--json`, a line for each state. Ends with 0 by a
 * signal, by `q` or after `--count` states, with 1 if the server refuses every channel. Throws UsageError.
 */
export const watch = async (
  patterns: readonly string[],
  options: WatchOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> => {
  const maxRate = readCount('rate', options.rate ?? RATE, 1, 50)
  const count = options.count === undefined ? Number.POSITIVE_INFINITY : readCount('count', options.count, 1, Number.MAX_SAFE_INTEGER)
  const server = await answering(serverOf(options, environment))
  const channels = await channelsOf(server, patterns)
  const wire = connect(wireUrl(options, environment), options.token === undefined ? {} : { token: options.token })
  const { promise, end } = ending()
  const output = await outputOf(options, server.url, end)
  try {
    wire.connection.subscribe(state => output.line(state))
    wire.events.subscribe(event => {
      if (event.kind === 'login') output.trouble(`the server refuses the token: ${(event.error as Error).message}`)
    })
    follow(wire, channels, maxRate, count, output, end)
    return await promise
  } finally {
    output.close()
    wire.close()
  }
}

/** Returns the channels that are asked for, each once. Rejects with UsageError for what is no channel, with ServerError if a pattern has none. */
const channelsOf = async (server: RunningServer, patterns: readonly string[]): Promise<readonly string[]> => {
  const all = new Set<string>()
  for (const pattern of patterns) {
    if (!pattern.includes('*')) {
      if (parseChannel(pattern) === undefined)
        throw new UsageError(`watch: found "${pattern}", expected a channel such as fund:TOP10 or fund:*`)
      all.add(pattern)
      continue
    }
    const { channels } = await server.get<{ channels: readonly string[] }>(`/v1/channels?${new URLSearchParams({ like: pattern })}`)
    if (channels.length === 0) throw new ServerError(`${server.url}: found no channel like ${pattern}`)
    for (const channel of channels) all.add(channel)
  }
  return [...all]
}

const outputOf = async ({ json }: WatchOptions, url: string, end: (code: number) => void): Promise<WatchOutput> => {
  if (!process.stdout.isTTY || json) return new (await import('./watchLines.ts')).WatchLines(json === true, end)
  return new (await import('./watchScreen.ts')).WatchScreen(url, end)
}

const follow = (
  wire: Driftwire,
  channels: readonly string[],
  maxRate: number,
  count: number,
  output: WatchOutput,
  end: (code: number) => void,
): void => {
  let left = count
  const followed = channels.map((channel): Followed => ({ channel, came: Number.NaN }))
  output.begin(followed)
  for (const one of followed) {
    wire.channel(one.channel, { maxRate }).subscribe({
      next: shown => {
        if (left <= 0) return
        left -= 1
        if (shown.seq !== one.shown?.seq) one.came = Date.now()
        one.shown = shown
        output.state(one)
        if (left === 0) end(0)
      },
      error: (error: RequestError) => {
        one.refused = `${error.code}: ${error.message}`
        output.refused(one)
        if (followed.every(({ refused }) => refused !== undefined) && !output.stays) end(1)
      },
    })
  }
}

/** A promise of the exit code, which the first call of `end` settles; a signal ends it with 0. */
const ending = (): { readonly promise: Promise<number>; readonly end: (code: number) => void } => {
  let end: (code: number) => void = () => {}
  const promise = new Promise<number>(resolve => {
    end = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end(0))
  return { promise, end }
}
