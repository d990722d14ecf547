import { SEVERITIES } from '../../../../../streams/wire/alerts.ts'
import { ABSENT } from '../../format/number.ts'
import { age, minute, moment } from '../../format/time.ts'
import type { Column } from '../../parts/columns.ts'
import type { Text } from '../../parts/figure.tsx'
import { pageOf } from '../links.ts'
import { type Found, notesOf, wordsOf } from './words.ts'

/** A column of alerts, which are rows of their own. */
type AlertColumn = Column<Found>

const timeOf = (t: number | undefined): Text => (t === undefined ? { text: ABSENT } : { text: minute(t), why: `${moment(t, true)} UTC` })
const iso = (t: number | undefined): string | undefined => (t === undefined ? undefined : new Date(t).toISOString())

const SINCE: AlertColumn = {
  key: 'since',
  head: 'Since (UTC)',
  width: 152,
  align: 'left',
  show: ({ since }) => timeOf(since),
  order: ({ since }) => since,
  raw: ({ since }) => iso(since),
}

const SEVERITY: AlertColumn = {
  key: 'severity',
  head: 'Severity',
  width: 80,
  align: 'left',
  show: ({ severity = ABSENT }) => ({ text: severity, tone: severity === 'info' ? 'quiet' : 'warn' }),
  order: ({ severity }) => severity && SEVERITIES.indexOf(severity),
}

const RULE: AlertColumn = {
  key: 'rule',
  head: 'Rule',
  width: 112,
  align: 'left',
  heading: true,
  show: ({ rule = ABSENT, id }) => ({ text: rule, why: id }),
  order: ({ rule }) => rule,
}

const ABOUT: AlertColumn = {
  key: 'channel',
  head: 'About',
  width: 136,
  align: 'left',
  show: ({ channel = ABSENT, members }) =>
    members ? { text: `${members.length} of ${channel}`, why: members.join(', ') } : { text: channel, why: channel, href: pageOf(channel) },
  order: ({ channel }) => channel,
}

const FIGURE: AlertColumn = {
  key: 'figure',
  head: 'Figure',
  width: 112,
  align: 'left',
  show: ({ figure = ABSENT }) => ({ text: figure, why: figure }),
  order: ({ figure }) => figure,
}

const EVIDENCE: AlertColumn = {
  key: 'evidence',
  head: 'It rests on',
  width: 320,
  align: 'left',
  show: alert => ({ text: wordsOf(alert) || ABSENT, why: wordsOf(alert) || 'the rule gives no figure' }),
  raw: ({ evidence }) => JSON.stringify(evidence),
}

const NOTES: AlertColumn = {
  key: 'notes',
  head: 'Notes',
  width: 128,
  align: 'left',
  show: alert => ({ text: notesOf(alert), tone: 'quiet' }),
}

/** Columns of alerts that are open. */
export const OPEN_COLUMNS: readonly AlertColumn[] = [RULE, SEVERITY, ABOUT, FIGURE, SINCE, EVIDENCE, NOTES]

/** Columns of alerts that are over. */
export const PAST_COLUMNS: readonly AlertColumn[] = [
  RULE,
  SEVERITY,
  ABOUT,
  SINCE,
  {
    key: 'lasted',
    head: 'Lasted',
    width: 80,
    show: ({ since, cleared }) =>
      since === undefined || cleared === undefined
        ? { text: ABSENT, why: 'its end is not known' }
        : { text: age(cleared - since), why: `until ${moment(cleared, true)} UTC` },
    order: ({ since, cleared }) => cleared! - since!,
    raw: ({ cleared }) => iso(cleared),
  },
  FIGURE,
  EVIDENCE,
  { key: 'why', head: 'Over because', width: 104, align: 'left', show: ({ why = ABSENT }) => why, order: ({ why }) => why },
]
