import type { Context } from 'hono'
import { z } from 'zod'
import type { AssetEvent } from '../../../../streams/market/assetEvent.ts'
import { RECORDED } from '../../../../streams/wire/answers/portfolios.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { EVENTS, SUPPLIES } from '../../../../streams/wire/requests.ts'
import { eventsOfCsv, eventsOfList, type FactTable, NoTable } from '../../../config/assetTables.ts'
import type { AssetFacts } from '../../api/assetFacts.ts'
import { bodyText, expectType, json, LARGE, readBody, TEXT, typeOf } from '../body.ts'
import { answer, JSON_TYPE, type Route } from '../route.ts'

/** What takes facts about assets. */
export interface AssetFactServices {
  readonly assetFacts: AssetFacts
}

const CSV = 'text/csv'

const SUPPLIED = answer(
  'Supplied',
  z.object({
    accepted: z.int().describe('assets whose supply is another from then on'),
    known: z.int().describe('assets that had this supply already'),
  }),
)

/** Reads events. One media type must be named: a page of another origin can send a body without. Throws ProtocolErrors. */
const readEvents = async (c: Context): Promise<FactTable<AssetEvent>> => {
  expectType(c, CSV, JSON_TYPE)
  if (typeOf(c) === JSON_TYPE) return eventsOfList(checked(EVENTS, await readBody(c, LARGE), 'body').events)
  try {
    return eventsOfCsv(await bodyText(c, LARGE.bytes))
  } catch (error) {
    throw error instanceof NoTable ? new ProtocolError('invalid_params', `body: ${error.message}`) : error
  }
}

/** Facts about assets. */
export const ASSET_FACT_ROUTES: readonly Route<AssetFactServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/supplies',
    summary: 'Circulating supplies that funds weigh by from a time on, or from now on',
    who: { operate: 'funds' },
    takes: { body: json(SUPPLIES) },
    gives: SUPPLIED,
    handler: async (c, { assetFacts }) =>
      c.json(await assetFacts.supply(c.get('who'), checked(SUPPLIES, await readBody(c, LARGE), 'body'))),
  },
  {
    method: 'post',
    path: '/v1/admin/events',
    summary: 'What happens to assets, and when: redenominations, splits, new names, delistings; each once',
    who: { operate: 'funds' },
    takes: { body: { ...json(EVENTS), [CSV]: TEXT } },
    gives: answer('Recorded', RECORDED),
    handler: async (c, { assetFacts }) => c.json(await assetFacts.happen(c.get('who'), () => readEvents(c))),
  },
]
