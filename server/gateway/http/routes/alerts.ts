import { type Alert, channelsBehind } from '../../../../streams/alerts/alert.ts'
import { alertAnswer } from '../../../../streams/alerts/alertAnswer.ts'
import { STORED_ALERTS, type StoredAlertsAnswer } from '../../../../streams/wire/answers/alerts.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import type { Access } from '../../../identity/access.ts'
import type { StoredAlerts } from '../../../storage/read/alerts.ts'
import { CURSOR, inQuery, LAST_TIME, limitInQuery, timeInQuery, timeOf, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What stored alerts are read from. */
export interface AlertServices {
  readonly storedAlerts: StoredAlerts
  readonly access: Access
}

const STATES = ['open', 'cleared'] as const
const PER_PAGE = 100
const PER_PAGE_MAX = 1_000

const past: Handler<AlertServices> = async (c, { storedAlerts, access }) => {
  const { from, to, state, rule, channel, cursor } = c.req.query()
  const known = STATES.find(name => name === state)
  if (state !== undefined && known === undefined)
    throw new ProtocolError('invalid_params', `state: found "${state.slice(0, 40)}", expected open or cleared`)
  const query = {
    from: timeOf('from', from, 0),
    to: timeOf('to', to, LAST_TIME),
    limit: wholeOf(c, 'limit', PER_PAGE, 1, PER_PAGE_MAX),
    ...(known && { state: known }),
    ...(rule !== undefined && { rule }),
    ...(channel !== undefined && { channel }),
    ...(cursor !== undefined && { cursor }),
  }
  const who = c.get('who')
  const mayRead = (alert: Alert): boolean => channelsBehind(alert).every(read => access(who, { read }))
  const { alerts, next } = await storedAlerts.page(query, mayRead)
  return c.json({ alerts: alerts.map(alertAnswer), ...(next !== undefined && { next }) } satisfies StoredAlertsAnswer)
}

/** What rules have found. */
export const ALERT_ROUTES: readonly Route<AlertServices>[] = [
  {
    method: 'get',
    path: '/v1/alerts',
    summary: 'Alerts about channels that the one who asks may read, newest first, with what they rest on',
    who: 'all',
    takes: {
      parameters: [
        timeInQuery('from', 'opened from here on'),
        timeInQuery('to', 'opened before this'),
        inQuery('state', 'only these', { enum: STATES }),
        inQuery('rule', 'only those of this rule', { type: 'string' }),
        inQuery('channel', 'only those about this channel', { type: 'string' }),
        limitInQuery(PER_PAGE, PER_PAGE_MAX),
        CURSOR,
      ],
    },
    gives: answer('Alerts', STORED_ALERTS),
    handler: past,
  },
]
