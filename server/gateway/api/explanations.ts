import { canExplain, type Explanation } from '../../../streams/explain/explain.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Params } from '../../../streams/wire/requests.ts'
import { channelFor, type Principal } from '../../identity/access.ts'
import { Semaphore } from '../../lib/semaphore.ts'
import type { Hub } from '../hub/hub.ts'
import type { ChannelDirectory } from './channelDirectory.ts'

/** What explanations need. */
export interface ExplanationsOptions {
  readonly directory: Pick<ChannelDirectory, 'authorizeRead'>
  readonly hub: Pick<Hub, 'read'>
  /** Returns the explanation of a figure of a channel that is watched; undefined if its state has no such figure now. */
  readonly explain: (channel: string, field: string) => Promise<Explanation | undefined>
}

/** Explanations that wait for their turn: each takes the core some milliseconds. */
const MAY_WAIT = 32

/** Explains figures to those who may read them. */
export class Explanations {
  private readonly options: ExplanationsOptions
  private readonly turns = new Semaphore(1, MAY_WAIT, () => new ProtocolError('too_much', 'too many explanations are waiting'))

  constructor(options: ExplanationsOptions) {
    this.options = options
  }

  /** Explains a figure of a channel's state. Rejects with a ProtocolError: `not_found` if the state has no such figure now. */
  async of(who: Principal, { channel, field }: Params<'explain'>): Promise<Explanation> {
    const { directory, hub, explain } = this.options
    directory.authorizeRead(who, channel)
    if (!canExplain(channel))
      throw new ProtocolError(
        'invalid_params',
        `channel: found "${channel}", expected one of ticks, candles, a portfolio, a fund or a pool`,
      )
    const found = await this.turns.run(async () => {
      // Its figures are computed while somebody watches it.
      await hub.read(channelFor(who, channel))
      return explain(channel, field)
    })
    if (found === undefined)
      throw new ProtocolError('not_found', `field: found "${field}", expected a number that the state of ${channel} has now`)
    return found
  }
}
