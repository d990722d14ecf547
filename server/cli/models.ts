import type { z } from 'zod'
import type { MODEL_CARD, ModelList } from '../../streams/wire/answers/scores.ts'
import { UsageError } from '../config/options.ts'
import { type Column, table } from '../lib/textTable.ts'
import type { CommandContext } from './command.ts'
import { type ServerOptions, serverOf } from './server.ts'

type Listed = ModelList['models'][number]
type Skills = Readonly<Record<string, { readonly ic: Estimate }>>
interface Estimate {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** Runs `models [VERSION]`. Returns the exit code. Throws UsageError if no model, or several, begin so. */
export const models = async (
  version: string | undefined,
  { json, ...options }: ServerOptions & { readonly json?: boolean },
  { environment, columns }: CommandContext,
): Promise<number> => {
  const server = serverOf(options, environment)
  const list = await server.get<ModelList>('/v1/models')
  if (version === undefined) {
    console.log(json ? JSON.stringify(list) : listText(list, columns))
    return 0
  }
  const found = list.models.filter(model => model.version.startsWith(version))
  if (found.length !== 1) throw new UsageError(`VERSION: found ${found.length} models that begin with "${version}", expected one`)
  const card = await server.get<z.infer<typeof MODEL_CARD>>(`/v1/models/${found[0]!.version}`)
  console.log(json ? JSON.stringify(card) : cardText(card, columns))
  return 0
}

const day = (t: number): string => new Date(t).toISOString().slice(0, 10)
const range = ({ low, high }: Estimate): string => `${low.toFixed(3)} to ${high.toFixed(3)}`

const COLUMNS: readonly Column<Listed>[] = [
  { head: 'version', cell: ({ version }) => version.slice(0, 12), left: true },
  { head: 'months', cell: ({ horizon }) => String(horizon) },
  { head: 'is', cell: ({ aliases }) => aliases.join(', '), left: true },
  { head: 'learnt to', cell: ({ trainedTo }) => day(trainedTo), left: true },
  { head: 'IC', cell: ({ ic }) => ic.mean.toFixed(3) },
  { head: '95 %', cell: ({ ic }) => range(ic), rank: 1 },
  { head: '', cell: ({ simulated }) => (simulated ? 'simulated' : ''), left: true },
]

const listText = ({ models, trials }: ModelList, width: number): string => {
  if (models.length === 0) return 'There are no models yet.'
  const dropped = trials.filter(({ version }) => version === '').length
  return [
    table(models, COLUMNS, { width }),
    '',
    `trainings: ${trials.length}, not kept: ${dropped}. Of many tries the best one flatters itself.`,
  ].join('\n')
}

const cardText = (card: z.infer<typeof MODEL_CARD>, width: number): string => {
  const { models, features } = card.validation as unknown as { models: Skills; features: Skills }
  const lines = (skills: Skills): string =>
    table(
      Object.entries(skills),
      [
        { head: '', cell: ([name]) => name, left: true },
        { head: 'IC', cell: ([, { ic }]) => ic.mean.toFixed(3) },
        { head: '95 %', cell: ([, { ic }]) => range(ic) },
      ],
      { width },
    )
  return [
    `${card.version}`,
    `${card.rows} rows of ${card.assets} assets, ${day(card.trainedFrom)} to ${day(card.trainedTo)}; ${card.horizon} months ahead; seed ${card.seed}; data ${card.data.slice(0, 12)}`,
    '',
    lines(models),
    '',
    'Without a model, each feature alone:',
    lines(features),
  ].join('\n')
}
