import type { ConnectionState } from '../../clients/driftwire-client/src/index.ts'
import { type Kind, parseChannel } from '../../streams/wire/channels.ts'
import { cut, padded, widthOf } from '../lib/plainText.ts'
import { span } from './terminal/figures.ts'
import { details } from './views/details.ts'
import type { Space } from './views/state.ts'
import { isTabled, type Known, summary } from './views/summaries.ts'

/** All that a frame of `watch` shows. */
export interface Watched {
  /** In the order in which they were asked for. */
  readonly channels: readonly Known[]
  readonly connection: ConnectionState
  /** The server's address. */
  readonly url: string
  /** Lines that are scrolled out at the top. */
  readonly scrolled: number
}

/** Room for the head, the empty line beneath it and the foot. */
const AROUND = 3

/** Returns the lines of a frame, none longer than the terminal is wide and no more than it is high: the state of the line, then the channels. */
export const watchFrame = ({ channels, connection, url, scrolled }: Watched, rows: number, space: Space): string[] => {
  const body = bodyOf(channels, space).map(line => cut(line, space.width))
  const room = Math.max(1, rows - AROUND)
  const first = Math.max(0, Math.min(scrolled, body.length - room))
  const shown = body.slice(first, first + room)
  const more = body.length - first - shown.length
  const place = first > 0 || more > 0 ? ` · lines ${first + 1} to ${first + shown.length} of ${body.length}, ↑↓ scroll` : ''
  return [headOf(connection, url, space), '', ...shown, ...Array(room - shown.length).fill(''), cut(`q quits${place}`, space.width)].slice(
    0,
    rows,
  )
}

/** Returns how many lines can be scrolled out at the top. */
export const scrollable = (watched: Watched, rows: number, space: Space): number =>
  Math.max(0, bodyOf(watched.channels, space).length - Math.max(1, rows - AROUND))

const headOf = ({ state, age, inSeconds, why }: ConnectionState, url: string, { width, paint }: Space): string => {
  const heard = age === undefined ? '' : `nothing heard for ${span(age)}, figures are that old`
  switch (state) {
    case 'live':
      return spread(cut(url, width), 'live', width, text => paint('green', text))
    case 'silent':
      return paint('yellow', cut(`LINE SILENT: ${heard}`, width))
    case 'reconnecting':
      return paint('red', cut(`LINE LOST${why ? ` (${why})` : ''}: again in ${inSeconds ?? 0} s${heard === '' ? '' : `; ${heard}`}`, width))
    case 'closed':
      return paint('red', cut(`CLOSED${why ? `: ${why}` : ''}`, width))
    default:
      return paint('yellow', cut(`connecting to ${url}${heard === '' ? '' : `; ${heard}`}`, width))
  }
}

/** The second text at the right edge, if there is room for both. */
const spread = (left: string, right: string, width: number, paint: (text: string) => string): string =>
  widthOf(left) + right.length + 2 > width ? left : `${left}${padded('', width - widthOf(left) - right.length, true)}${paint(right)}`

/** Several channels of one kind are a table, at the place of the first; any other is shown in full. */
const bodyOf = (channels: readonly Known[], space: Space): string[] => {
  const groups = new Map<string, { readonly kind: Kind | undefined; readonly members: Known[] }>()
  for (const known of channels) {
    const kind = parseChannel(known.channel)?.kind
    const tabled = kind !== undefined && channels.length > 1 && isTabled(kind)
    const name = tabled ? kind : known.channel
    const group = groups.get(name) ?? { kind: tabled ? kind : undefined, members: [] }
    group.members.push(known)
    groups.set(name, group)
  }
  return [...groups.values()]
    .map(({ kind, members }) => (kind === undefined ? alone(members[0]!, space) : summary(kind, members, space)))
    .flatMap((block, i) => (i === 0 ? block : ['', ...block]))
}

const alone = ({ channel, state, stale, age, refused }: Known, space: Space): string[] => {
  const { paint, width } = space
  const old = stale || state?.stale === true ? ', STALE' : ''
  const title = paint(old === '' ? 'bold' : 'yellow', cut(`${channel}${Number.isNaN(age) ? '' : `, ${span(age)} old`}${old}`, width))
  if (refused !== undefined) return [title, paint('red', cut(refused, width))]
  if (state === undefined) return [title, 'waiting for its first state']
  const body = details(channel, state, space)
  return [title, ...(stale ? body.map(line => paint('dim', line)) : body)]
}
