import { ProtocolError } from '../../../streams/wire/errors.ts'
import { type Action, authorize, type Principal } from '../../identity/access.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import type { PathParameters, Who } from './route.ts'

/** What is asked before a route answers. */
export interface GateServices {
  readonly directory: Pick<ChannelDirectory, 'has' | 'access'>
}

/** Lets a request pass if the route is for `who`. Throws a ProtocolError otherwise. A route that names nobody is the admin's alone. */
export const pass = (route: Who | undefined, who: Principal, path: PathParameters, { directory }: GateServices): void => {
  if (route === 'command') return
  if (route === 'known') {
    if (who.user === '' && who.operator === undefined) throw new ProtocolError('not_logged_in')
    return
  }
  const action = actionOf(route, who, path)
  if ('read' in action && !directory.has(action.read)) throw new ProtocolError('unknown_channel', `there is no channel "${action.read}"`)
  authorize(directory.access, who, action)
}

const actionOf = (route: Exclude<Who, 'command' | 'known'> | undefined, who: Principal, path: PathParameters): Action => {
  if (route === undefined || route === 'admin') return { act: undefined }
  if (typeof route === 'string') return { act: route }
  if ('record' in route) return { record: route.record(path) }
  if ('read' in route) return { read: route.read(path) }
  return route.orClient && who.user !== '' ? { act: 'client' } : { operate: route.operate }
}
