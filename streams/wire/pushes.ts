/** The whole state of a channel, of the frame `t`. */
export interface SnapshotPush {
  readonly ch: string
  readonly epoch: string
  readonly seq: number
  readonly t: number
  readonly snap: Record<string, unknown>
}

/** What changed in a channel's state since `prev`: a JSON Merge Patch (RFC 7396). */
export interface PatchPush {
  readonly ch: string
  readonly seq: number
  /** `seq - 1` if it is left out. */
  readonly prev?: number
  readonly t: number
  readonly d: Record<string, unknown>
  /** The number of patches that were merged into this one. */
  readonly merged?: number
}

/** CRC-32 of a channel's state at `seq`, in its RFC 8785 form: 8 lower-case hexadecimal digits. */
export interface ChecksumPush {
  readonly ch: string
  readonly seq: number
  readonly h: string
}

/** Rows of the past, oldest first, if `from` asked for them; `more` says that more follow. */
export interface RowsPush {
  readonly ch: string
  readonly rows: readonly Record<string, unknown>[]
  readonly more: boolean
  /** Why the past cannot be read. */
  readonly error?: { readonly code: string; readonly message: string; readonly retry: boolean }
}

/** The server's wall clock, ms. */
export interface HeartbeatPush {
  readonly hb: number
}

/** The server is about to stop. */
export interface ByePush {
  readonly bye: { readonly reason: string; readonly reconnectInMs: number }
}

/** The gateway hears nothing of the core of these channels; their states are those of `since`. None of them: it is over. */
export interface StalePush {
  readonly stale: readonly string[]
  /** ms of event time. */
  readonly since?: number
}

/** Everything that comes without being a reply. */
export type AnyPush = SnapshotPush | PatchPush | ChecksumPush | RowsPush | HeartbeatPush | ByePush | StalePush
