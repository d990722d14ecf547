import type { ModelList } from '../../../../../streams/wire/answers/scores.ts'
import { count, signed } from '../../format/number.ts'
import { day, moment } from '../../format/time.ts'
import type { Column } from '../../parts/columns.ts'
import type { Text } from '../../parts/figure.tsx'
import { rangeText } from './card.ts'

/** A model of the list. */
export type Listed = ModelList['models'][number]
/** A model that was made champion or challenger. */
export type Given = ModelList['history'][number]

const versionText = (version: string): Text => ({ text: version.slice(0, 12), why: version, href: `/models/${version}` })

/** Columns of all models. */
export const MODEL_COLUMNS: readonly Column<Listed>[] = [
  {
    key: 'version',
    head: 'Version',
    width: 136,
    align: 'left',
    heading: true,
    show: ({ version }) => versionText(version),
    raw: ({ version }) => version,
  },
  { key: 'horizon', head: 'Months', width: 72, show: ({ horizon }) => count(horizon), order: ({ horizon }) => horizon },
  { key: 'aliases', head: 'Is', width: 96, align: 'left', show: ({ aliases }) => aliases.join(', ') },
  {
    key: 'made',
    head: 'Made',
    width: 112,
    align: 'left',
    show: ({ made }) => ({ text: day(made), why: `${moment(made)} UTC` }),
    order: ({ made }) => made,
  },
  {
    key: 'trainedTo',
    head: 'Learnt to',
    width: 112,
    align: 'left',
    show: ({ trainedTo }) => day(trainedTo),
    order: ({ trainedTo }) => trainedTo,
  },
  { key: 'ic', head: 'IC', width: 80, show: ({ ic }) => signed(ic.mean, 3), order: ({ ic }) => ic.mean, raw: ({ ic }) => ic.mean },
  { key: 'range', head: 'IC, 95 %', width: 144, show: ({ ic }) => rangeText(ic) },
  {
    key: 'notes',
    head: 'Notes',
    width: 96,
    align: 'left',
    show: ({ simulated }) => ({ text: simulated ? 'simulated' : '', tone: 'quiet' }),
  },
]

/** Columns of who made which model champion or challenger, and why. */
export const ALIAS_COLUMNS: readonly Column<Given>[] = [
  { key: 't', head: 'Time (UTC)', width: 180, align: 'left', heading: true, show: ({ t }) => moment(t), order: ({ t }) => t },
  { key: 'horizon', head: 'Months', width: 72, show: ({ horizon }) => count(horizon) },
  { key: 'alias', head: 'Alias', width: 96, align: 'left', show: ({ alias }) => alias, order: ({ alias }) => alias },
  {
    key: 'version',
    head: 'Version',
    width: 136,
    align: 'left',
    show: ({ version }) => (version === '' ? 'none any more' : versionText(version)),
    raw: ({ version }) => version,
  },
  { key: 'who', head: 'Who', width: 112, align: 'left', show: ({ who }) => who, order: ({ who }) => who },
  { key: 'why', head: 'Why', width: 260, align: 'left', show: ({ why }) => ({ text: why, why }) },
]
