import type { ConnectionState } from '../../clients/driftwire-client/src/index.ts'
import { parseChannel } from '../../streams/wire/channels.ts'
import { visible } from '../lib/plainText.ts'
import { figuresOf } from './views/summaries.ts'
import type { Followed, WatchOutput } from './watchOutput.ts'

/** A line for each state on standard output, and for each loss of the connection on standard error. */
export class WatchLines implements WatchOutput {
  readonly stays = false
  private readonly json: boolean
  private connected = false
  private readonly unread: () => void

  /** `end` is called when nobody reads any more. */
  constructor(json: boolean, end: (code: number) => void) {
    this.json = json
    this.unread = () => end(0)
    process.stdout.on('error', this.unread)
  }

  begin(): void {}

  state({ channel, shown }: Followed): void {
    if (shown === undefined) return
    const { state, t, seq, stale } = shown
    if (this.json) process.stdout.write(`${JSON.stringify({ ch: channel, seq, t, stale, state })}\n`)
    else {
      const figures = figuresOf(parseChannel(channel)?.kind, state).map(([path, value]) => `${path}=${visible(String(value))}`)
      process.stdout.write(`${[new Date(t).toISOString(), channel, ...figures, ...(stale ? ['stale'] : [])].join(' ')}\n`)
    }
  }

  refused({ channel, refused }: Followed): void {
    console.error(`driftwire: ${channel}: ${visible(refused ?? '')}`)
  }

  line({ state, why, inSeconds = 0 }: ConnectionState): void {
    if (state === 'reconnecting' && this.connected)
      console.error(`driftwire: the connection is lost${why ? ` (${why})` : ''}; again in ${inSeconds} s`)
    if (state === 'live' && !this.connected && this.lost) console.error('driftwire: connected again')
    this.lost ||= state === 'reconnecting'
    this.connected = state === 'live' || state === 'silent'
  }
  private lost = false

  trouble(text: string): void {
    console.error(`driftwire: ${visible(text)}`)
  }

  close(): void {
    process.stdout.off('error', this.unread)
  }
}
