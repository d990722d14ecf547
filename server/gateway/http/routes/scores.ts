import { z } from 'zod'
import { ASSET_SCORES, type DayScores, PEERS, RECOMPUTED, SCORES } from '../../../../streams/wire/answers/scores.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import type { ScorePages } from '../../../analytics/scores/scorePages.ts'
import { json, readBody } from '../body.ts'
import { inPath, LAST_TIME, limitInQuery, numberInQuery, timeInQuery, timeOf, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What scores are read from. */
export interface ScoreServices {
  readonly scorePages: ScorePages
}

const HORIZON_MAX = 24
const HORIZON = numberInQuery('horizon', 'months that they look ahead, 1 if left out', HORIZON_MAX, 1)
const ROWS = 100
const ROWS_MAX = 10_000
const PEERS_COUNT = 5
const PEERS_MAX = 50

const DAY = z.strictObject({ asOf: z.int().min(0).describe('ms'), horizon: z.int().min(1).max(HORIZON_MAX).default(1) })

const day: Handler<ScoreServices> = async (c, { scorePages }) => {
  const horizon = wholeOf(c, 'horizon', 1, 1, HORIZON_MAX)
  return c.json((await scorePages.at(horizon, timeOf('asOf', c.req.query('asOf'), LAST_TIME))) satisfies DayScores)
}

const ofAsset: Handler<ScoreServices> = async (c, { scorePages }) => {
  const asset = c.req.param('asset')!
  const { from, to } = c.req.query()
  const range = { from: timeOf('from', from, 0), to: timeOf('to', to, LAST_TIME), limit: wholeOf(c, 'limit', ROWS, 1, ROWS_MAX) }
  return c.json({ asset, scores: await scorePages.ofAsset(asset, wholeOf(c, 'horizon', 1, 1, HORIZON_MAX), range) })
}

const recompute: Handler<ScoreServices> = async (c, { scorePages }) => {
  const { asOf, horizon } = checked(DAY, await readBody(c), 'body')
  return c.json(await scorePages.again(horizon, asOf))
}

const peers: Handler<ScoreServices> = async (c, { scorePages }) => {
  const asset = c.req.param('asset')!
  return c.json({ asset, ...(await scorePages.peers(asset, wholeOf(c, 'count', PEERS_COUNT, 1, PEERS_MAX))) })
}

/** What models say of assets, and which assets are alike. */
export const SCORE_ROUTES: readonly Route<ScoreServices>[] = [
  {
    method: 'get',
    path: '/v1/scores',
    summary: 'What the champion said of all assets, best first, with the reasons; the newest, or those of a time',
    who: 'all',
    takes: { parameters: [HORIZON, timeInQuery('asOf', 'the newest that are not later than this')] },
    refuses: ['not_found'],
    gives: answer('DayScores', SCORES),
    handler: day,
  },
  {
    method: 'get',
    path: '/v1/scores/:asset',
    summary: 'The scores of an asset by champion and challenger, newest first, or why it had none',
    who: 'all',
    takes: {
      parameters: [
        inPath('asset', 'such as BTC'),
        HORIZON,
        timeInQuery('from', 'of this time or later'),
        timeInQuery('to', 'before this'),
        limitInQuery(ROWS, ROWS_MAX),
      ],
    },
    refuses: ['not_found'],
    gives: answer('AssetScores', ASSET_SCORES),
    handler: ofAsset,
  },
  {
    method: 'get',
    path: '/v1/peers/:asset',
    summary: 'The assets of the newest list that are most like one: by features, and by category',
    who: 'all',
    takes: { parameters: [inPath('asset', 'such as BTC'), numberInQuery('count', `how many, ${PEERS_COUNT} if left out`, PEERS_MAX, 1)] },
    refuses: ['not_found'],
    gives: answer('Peers', PEERS),
    handler: peers,
  },
]

/** Scores computed again: it takes seconds of a core. */
export const RECOMPUTE_ROUTES: readonly Route<ScoreServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/scores/recompute',
    summary: 'The scores of a day computed again from what was known then, and whether they are the same',
    who: 'admin',
    takes: { body: json(DAY) },
    refuses: ['not_found'],
    gives: answer('Recomputed', RECOMPUTED),
    handler: recompute,
  },
]
