export interface SnapshotPush {
  readonly ch: string
  readonly epoch: string
  readonly seq: number
  readonly t: number
  readonly snap: Record<string, unknown>
}

export interface PatchPush {
  readonly ch: string
  readonly seq: number
  /** `seq - 1` where it is left out. */
  readonly prev?: number
  readonly t: number
  readonly d: Record<string, unknown>
  /** How many patches this one stands for. */
  readonly merged?: number
}

export interface ChecksumPush {
  readonly ch: string
  readonly seq: number
  readonly h: string
}

export interface RowsPush {
  readonly ch: string
  readonly rows: readonly Record<string, unknown>[]
  readonly more: boolean
}

export interface HeartbeatPush {
  readonly hb: number
}

export interface ByePush {
  readonly bye: { readonly reason: string; readonly reconnectInMs: number }
}

export type AnyPush = SnapshotPush | PatchPush | ChecksumPush | RowsPush | HeartbeatPush | ByePush
