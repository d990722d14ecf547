import { isLoopback, type Settings } from '../config/settings.ts'
import type { Bounds } from './api/clientLimits.ts'

/** What one address may use unless the configuration says otherwise: an office full of people behind one address stays below it. */
const ADDRESS: Bounds = {
  sockets: 1_000,
  channels: 100_000,
  connectsPerSecond: 200,
  requestsPerSecond: 2_000,
  commandsPerSecond: 1_000,
  bytesPerSecond: 20 * 1024 * 1024,
}

/** What one user may use unless the configuration says otherwise. */
const USER: Bounds = { sockets: 200, channels: 50_000, requestsPerSecond: 1_000, commandsPerSecond: 500, bytesPerSecond: 10 * 1024 * 1024 }

/** Returns what one address and one user may use. If only this machine can ask, nobody is limited but by what the configuration says. */
export const boundsOf = ({ host, behindTls, config }: Settings): { readonly address: Bounds; readonly user: Bounds } => {
  const { perAddress, perUser } = config.limits
  return isLoopback(host) && !behindTls
    ? { address: perAddress, user: perUser }
    : { address: { ...ADDRESS, ...perAddress }, user: { ...USER, ...perUser } }
}
