import type { ConnectionState } from '../../clients/driftwire-client/src/index.ts'
import { Screen } from './terminal/screen.ts'
import { paintFor } from './terminal/style.ts'
import type { Space } from './views/state.ts'
import type { Known } from './views/summaries.ts'
import { scrollable, type Watched, watchFrame } from './watchFrame.ts'
import type { Followed, WatchOutput } from './watchOutput.ts'

/** ms between two frames, and between two if nothing changes but the ages. */
const FRAME_MS = 200
const AGES_MS = 1_000

/** The whole terminal, redrawn in place. */
export class WatchScreen implements WatchOutput {
  readonly stays = true
  private readonly url: string
  private readonly end: (code: number) => void
  private readonly screen: Screen
  private readonly paint = paintFor(process.stdout)
  private followed: readonly Followed[] = []
  private connection: ConnectionState = { state: 'connecting' }
  private said: string | undefined
  private scrolled = 0
  private changed = true
  private drawn = 0
  private readonly timer: NodeJS.Timeout
  private readonly resized = (): void => this.draw()
  private readonly left = (): void => this.screen.close()

  /** `end` is called when the user wants it to end. */
  constructor(url: string, end: (code: number) => void) {
    const { stdout, stdin } = process
    this.url = url
    this.end = end
    this.screen = new Screen({
      get columns() {
        return stdout.columns
      },
      get rows() {
        return stdout.rows
      },
      write: text => stdout.write(text),
    })
    // A terminal that is closed takes nothing any more.
    stdout.on('error', () => end(0))
    stdout.on('resize', this.resized)
    // Also if something throws.
    process.on('exit', this.left)
    if (stdin.isTTY) {
      stdin.setRawMode(true)
      stdin.setEncoding('utf8')
      stdin.on('data', this.key)
    }
    this.timer = setInterval(() => {
      if (this.changed || Date.now() - this.drawn >= AGES_MS) this.draw()
    }, FRAME_MS)
  }

  begin(followed: readonly Followed[]): void {
    this.followed = followed
  }

  state(): void {
    this.changed = true
  }

  refused(): void {
    this.changed = true
  }

  line(connection: ConnectionState): void {
    this.connection = connection
    this.changed = true
  }

  trouble(text: string): void {
    this.said = text
    this.changed = true
  }

  close(): void {
    clearInterval(this.timer)
    const { stdout, stdin } = process
    stdout.off('resize', this.resized)
    process.off('exit', this.left)
    if (stdin.isTTY) {
      stdin.off('data', this.key)
      stdin.setRawMode(false)
      stdin.pause()
    }
    this.screen.close()
    if (this.said !== undefined) console.error(`driftwire: ${this.said}`)
  }

  private readonly key = (typed: string): void => {
    const page = Math.max(1, process.stdout.rows - 4)
    const steps: Readonly<Record<string, number>> = {
      '\x1b[A': -1,
      k: -1,
      '\x1b[B': 1,
      j: 1,
      '\x1b[5~': -page,
      '\x1b[6~': page,
      ' ': page,
      '\x1b[H': Number.NEGATIVE_INFINITY,
      '\x1b[F': Number.POSITIVE_INFINITY,
    }
    // Ctrl-C comes as a character, because the terminal is raw.
    if (typed === 'q' || typed === '\x03' || typed === '\x1b') this.end(0)
    else if (steps[typed] !== undefined) {
      const most = scrollable(this.watched(), process.stdout.rows, this.space())
      this.scrolled = Math.max(0, Math.min(most, this.scrolled + steps[typed]))
      this.draw()
    }
  }

  private draw(): void {
    this.changed = false
    this.drawn = Date.now()
    this.screen.draw(watchFrame(this.watched(), process.stdout.rows, this.space()))
  }

  private space(): Space {
    return { width: process.stdout.columns, paint: this.paint }
  }

  private watched(): Watched {
    const now = Date.now()
    const channels = this.followed.map(
      ({ channel, shown, came, refused }): Known => ({
        channel,
        id: channel.slice(channel.indexOf(':') + 1),
        state: shown?.state,
        stale: shown?.stale ?? false,
        age: now - came,
        ...(refused !== undefined && { refused }),
      }),
    )
    return { channels, connection: this.connection, url: this.said ?? this.url, scrolled: this.scrolled }
  }
}
