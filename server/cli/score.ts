import { z } from 'zod'
import { RECOMPUTED, SCORES } from '../../streams/wire/answers/scores.ts'
import { UsageError } from '../config/options.ts'
import { type Column, table } from '../lib/textTable.ts'
import type { CommandContext } from './command.ts'
import { operatorsServer, type ServerOptions, serverOf } from './server.ts'
import { timeOf } from './times.ts'

interface ScoreOptions extends ServerOptions {
  readonly 'as-of'?: string
  readonly horizon?: string
  readonly recompute?: boolean
  readonly json?: boolean
}

const DAY = z.union([SCORES, RECOMPUTED])
type Day = z.infer<typeof DAY>
type Line = Day['scores'][number]

/** Runs `score [ASSET]`. Returns 1 if what was computed again is not the same. Throws UsageError. */
export const score = async (
  asset: string | undefined,
  options: ScoreOptions,
  { environment, columns }: CommandContext,
): Promise<number> => {
  const asOf = timeOf('as-of', options['as-of'])
  const horizon = monthsOf(options.horizon ?? '1m')
  const time = Number.isNaN(asOf) ? Date.now() : asOf
  const day = options.recompute
    ? await (await operatorsServer(options, environment)).post<Day>(
        '/v1/admin/scores/recompute',
        'application/json',
        JSON.stringify({ asOf: time, horizon }),
      )
    : await serverOf(options, environment).get<Day>(`/v1/scores?${new URLSearchParams({ horizon: String(horizon), asOf: String(time) })}`)
  if (asset !== undefined && ![...day.scores, ...day.unscored].some(one => one.asset === asset))
    throw new UsageError(`ASSET: found "${asset}", expected one of the list of ${dayText(day.t)}`)
  console.log(options.json ? JSON.stringify(asset === undefined ? day : ofAsset(day, asset)) : report(day, asset, columns))
  return 'same' in day && !day.same ? 1 : 0
}

const monthsOf = (text: string): number => {
  const months = /^(\d{1,2})m$/.exec(text)?.[1]
  if (months === undefined || Number(months) < 1) throw new UsageError(`--horizon: found "${text}", expected months such as 1m or 3m`)
  return Number(months)
}

const ofAsset = ({ scores, unscored, ...day }: Day, asset: string): unknown => ({
  ...day,
  ...[...scores, ...unscored].find(one => one.asset === asset),
})

const dayText = (t: number): string => new Date(t).toISOString().slice(0, 10)
const percent = (share: number): string => (100 * share).toFixed(0)

const COLUMNS: readonly Column<Line>[] = [
  { head: '', cell: ({ rank }) => String(rank) },
  { head: 'asset', cell: ({ asset }) => asset, left: true },
  { head: 'name', cell: ({ name }) => name, left: true, rank: 3, least: 8 },
  { head: 'score', cell: ({ score }) => score.toFixed(1) },
  { head: 'P(above median) %', cell: ({ p }) => percent(p), rank: 1 },
  { head: 'P(worst third) %', cell: ({ worst }) => percent(worst), rank: 1 },
  { head: '80 % from', cell: ({ lo }) => percent(lo), rank: 2 },
  { head: 'to', cell: ({ hi }) => percent(hi), rank: 2 },
]

const report = (day: Day, asset: string | undefined, columns: number): string => {
  const simulated = 'simulated' in day && day.simulated ? ', of the simulated market' : ''
  const again = 'same' in day ? [day.same ? 'Computed again, it is the same.' : 'Computed again, it is another.'] : []
  const head = `List of ${dayText(day.t)}${simulated}; ${day.horizon} ${day.horizon === 1 ? 'month' : 'months'} ahead; model ${day.version.slice(0, 12)}`
  if (asset !== undefined) return [head, '', ...detail(day, asset), ...again].join('\n')
  return [
    head,
    '',
    table(day.scores, COLUMNS, { width: columns }),
    ...(day.unscored.length === 0 ? [] : ['', 'Without a score:', ...day.unscored.map(({ asset, reason }) => `${asset}: ${reason}`)]),
    '',
    'A score says who may do better than others, and nothing of where the market goes. The interval is of the return less the median’s, in %.',
    ...again,
  ].join('\n')
}

const detail = ({ scores, unscored }: Day, asset: string): string[] => {
  const found = scores.find(one => one.asset === asset)
  if (found === undefined) return [`${asset}: ${unscored.find(one => one.asset === asset)!.reason}`]
  const parts = Object.entries(found.why).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`
  return [
    table([found], COLUMNS),
    '',
    `The models expect the percentile ${found.expected.toFixed(2)}: ${found.base.toFixed(2)} of an asset of which nothing is known, and`,
    table(parts, [
      { head: 'feature', cell: ([feature]) => feature, left: true },
      { head: 'points', cell: ([, part]) => points(part) },
    ]),
  ]
}
