import { ALLOCATION, allocate } from '../../../../streams/fund/allocation.ts'
import { ALLOCATED } from '../../../../streams/wire/answers/funds.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { json, LARGE, readBody } from '../body.ts'
import { answer, type Route } from '../route.ts'

/** The capped allocation of a capital, for everybody: it depends on the request alone. */
export const ALLOCATE_ROUTES: readonly Route<unknown>[] = [
  {
    method: 'post',
    path: '/v1/allocate',
    summary: 'A capital among assets by market capitalisation, none above the cap',
    who: 'all',
    takes: { body: json(ALLOCATION) },
    gives: answer('Allocation', ALLOCATED),
    handler: async c => c.json({ assets: allocate(checked(ALLOCATION, await readBody(c, LARGE), 'body'), 'body') }),
  },
]
