import type { AlertChange } from './alerts/alert.ts'
import type { Push } from './channels/channelStates.ts'
import type { Proposal } from './fund/inception.ts'
import type { RebalanceProposal } from './fund/tradePlan.ts'
import type { AssetEvent } from './market/assetEvent.ts'
import type { ListeningRow } from './market/listening.ts'
import type { Ticks } from './market/ticks.ts'
import type { MeasureRow } from './measures/rows.ts'
import type { TakenLog } from './pools/poolPast.ts'

/** What leaves the pipeline at the end of a frame. All of it is of one moment. */
export interface Frame {
  /** ms; every number in the frame is computed up to here. */
  readonly t: number
  /** Patches of the channels that are watched, in the order of their sequence numbers. */
  readonly pushes: readonly Push[]
  /** Channels that have become readable in this frame, because somebody began to watch them. */
  readonly ready: readonly string[]
  readonly rows: FrameRows
  /** Logs that pools have taken in, in their order; to be stored. */
  readonly logs: readonly TakenLog[]
  /** Inceptions that the prices of this frame allow; asked of the journal. */
  readonly proposals: readonly Proposal[]
  /** Events of assets that have happened by this frame; asked of the journal, which converts what is owned. */
  readonly events: readonly AssetEvent[]
  /** Rebalances that the drift of this frame calls for; asked of the journal. */
  readonly rebalances: readonly RebalanceProposal[]
  /** What has happened to alerts; to be stored, and to be sent. */
  readonly alerts: readonly AlertChange[]
}

/** What a frame leaves behind to be stored. Numbers are unrounded; NaN stands for unknown and becomes an absent member. */
export interface FrameRows {
  /** The frame, ms. */
  readonly t: number
  /** Batches of the frame, in the order taken in; rows marked REFUSED are not stored. */
  readonly ticks: readonly Ticks[]
  /** When trades were listened to, and when not; nothing if it is left out. */
  readonly listening?: readonly ListeningRow[]
  /** The `t` of each is the end of the `storeMs` that it belongs to. */
  readonly measures: readonly MeasureRow[]
}
