import type { Written } from '../../../streams/ledger/amounts.ts'
import type { Rejection, Shortfall } from '../../../streams/ledger/entry.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { GatewayCommand, GatewayPort } from '../../clearing/gatewayPort.ts'
import type { Done } from '../../clearing/port.ts'
import type { Principal } from '../../identity/access.ts'
import type { Origin } from '../../lib/arrivalOrder.ts'

/** Has the clearing house execute a command. Returns the outcome as JSON text; rejects with the ProtocolError that says why not. */
export const execute = async (
  clearing: Pick<GatewayPort, 'execute'>,
  command: GatewayCommand,
  who: string,
  origin?: Origin,
): Promise<string> => settled(await clearing.execute(origin === undefined ? { command, who } : { command, who, origin }))

/** Returns the name under which the journal writes down who acted. */
export const authorOf = ({ user, admin, operator }: Principal): string =>
  admin ? 'admin' : user !== '' ? user : operator === undefined ? 'anybody:' : `operator:${operator}`

/** Returns the outcome if it was settled. Throws a ProtocolError otherwise, with the order if it was written down. */
const settled = (done: Done): string => {
  if ('refused' in done) throw new ProtocolError(done.refused, undefined, 1)
  if (done.code === undefined) return done.order
  const order = JSON.parse(done.order) as Rejected
  throw new ProtocolError(done.code as Rejection, messageOf(order), undefined, order)
}

/** An order that was rejected, as far as its error names its members. */
type Rejected = JsonObject & { readonly shortfall?: Written<Shortfall> }

const messageOf = ({ shortfall }: Rejected): string | undefined =>
  shortfall && `${shortfall.asset}: found ${shortfall.held}, expected at least ${shortfall.needed}`
