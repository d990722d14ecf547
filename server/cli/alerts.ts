import type { StoredAlert, StoredAlertsAnswer } from '../../streams/wire/answers/alerts.ts'
import { readCount, UsageError } from '../config/options.ts'
import { type Column, table } from '../lib/textTable.ts'
import type { CommandContext } from './command.ts'
import { type RunningServer, type ServerOptions, serverOf } from './server.ts'
import { moment, plain } from './terminal/figures.ts'
import { say, saying } from './terminal/say.ts'
import { rangeOf } from './times.ts'

interface AlertOptions extends ServerOptions {
  readonly from?: string
  readonly to?: string
  readonly state?: string
  readonly rule?: string
  readonly channel?: string
  readonly limit?: string
  readonly json?: boolean
}

/** Alerts of a table, if nothing else is asked for. */
const LIMIT = '50'
const PER_PAGE_MAX = 1_000
/** Digits of a figure in a table. */
const DIGITS = 6

/** Runs `alerts`: what rules have found, newest first, as a table or JSON lines. Returns the exit code. Throws UsageError. */
export const alerts = async (options: AlertOptions, { environment, columns }: CommandContext): Promise<number> => {
  const { state, rule, channel, limit = LIMIT, json } = options
  if (state !== undefined && state !== 'open' && state !== 'cleared')
    throw new UsageError(`--state: found "${state}", expected open or cleared`)
  const range = rangeOf(options)
  const most = readCount('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  const query = {
    ...(!Number.isNaN(range.from) && { from: String(range.from) }),
    ...(!Number.isNaN(range.to) && { to: String(range.to) }),
    ...(state !== undefined && { state }),
    ...(rule !== undefined && { rule }),
    ...(channel !== undefined && { channel }),
  }
  const found = await newest(serverOf(options, environment), query, most)
  await saying(() => {
    if (json) return say(found.map(alert => `${JSON.stringify(alert)}\n`).join(''))
    if (found.length === 0) return say('no alerts\n')
    return say(`${table(found, COLUMNS, process.stdout.isTTY ? { width: columns } : {})}\n`)
  })
  return 0
}

const newest = async (server: RunningServer, query: Record<string, string>, most: number): Promise<StoredAlert[]> => {
  const found: StoredAlert[] = []
  for (let cursor: string | undefined; found.length < most; ) {
    const limit = String(Math.min(PER_PAGE_MAX, most - found.length))
    const parameters = new URLSearchParams({ ...query, limit, ...(cursor !== undefined && { cursor }) })
    const { alerts: page, next } = await server.get<StoredAlertsAnswer>(`/v1/alerts?${parameters}`)
    found.push(...page)
    if (next === undefined) break
    cursor = next
  }
  return found
}

const written = (figure: number | string | boolean | undefined): string | undefined =>
  typeof figure === 'number' ? plain(figure, DIGITS) : figure === undefined ? undefined : String(figure)

const stateOf = ({ cleared, why, confirmed }: StoredAlert): string =>
  cleared !== undefined ? `cleared: ${why}` : confirmed ? 'open' : 'open, unconfirmed'

const COLUMNS: readonly Column<StoredAlert>[] = [
  { head: 'since UTC', cell: ({ since }) => moment(since), left: true },
  { head: 'severity', cell: ({ severity }) => severity, left: true, rank: 2 },
  { head: 'rule', cell: ({ rule }) => rule, left: true },
  { head: 'channel', cell: ({ channel, members }) => (members ? `${members.length} of ${channel}` : channel), left: true },
  { head: 'figure', cell: ({ figure }) => figure, left: true, rank: 3 },
  { head: 'value', cell: ({ evidence }) => written(evidence.value) },
  { head: 'bound', cell: ({ evidence }) => written(evidence.bound), rank: 4 },
  { head: 'state', cell: stateOf, left: true },
]
