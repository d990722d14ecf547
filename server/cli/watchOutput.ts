import type { ConnectionState, Shown } from '../../clients/driftwire-client/src/index.ts'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'

/** A channel that is watched. */
export interface Followed {
  readonly channel: string
  /** Its newest state. */
  shown?: Shown<JsonObject>
  /** When that came, ms of this machine's clock; NaN before the first. */
  came: number
  /** Why the server refused it. */
  refused?: string
}

/** Where `watch` shows what it sees. */
export interface WatchOutput {
  /** It goes on showing that all channels are refused, until somebody has read it. */
  readonly stays: boolean
  /** Is called once, before anything else, with the channels as they will change. */
  begin(followed: readonly Followed[]): void
  state(one: Followed): void
  refused(one: Followed): void
  line(connection: ConnectionState): void
  trouble(text: string): void
  close(): void
}
