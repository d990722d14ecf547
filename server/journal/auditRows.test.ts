import { expect, it } from 'vitest'
import { ENTRY_COLUMNS, entryRows } from './auditRows.ts'

const columns = ENTRY_COLUMNS.split(', ')

/** What stands in the columns of a row, by the rules of TabSeparated. */
const read = (row: string): Record<string, string> =>
  Object.fromEntries(row.split('\t').map((value, i) => [columns[i]!, value.replaceAll('\\\\', '\\')]))

const order = {
  seq: 7,
  t: Date.UTC(2024, 7, 8, 23, 59, 59, 7),
  who: 'ann',
  kind: 'create',
  key: 'a "key" \\ with\\n',
  fund: 'F',
  status: 'settled',
  legs: [],
  postings: [['client:ann', 'A', '-1.5', '8'] as const, ['custody:F', 'A', '1.5', '10000000000.000000000000000001'] as const],
}

it.each([
  [
    'an order, its postings in columns',
    order,
    {
      t: '2024-08-08 23:59:59.007',
      who: 'ann',
      kind: 'create',
      key: order.key,
      fund: 'F',
      status: 'settled',
      code: '',
      'postings.account': "['client:ann','custody:F']",
      'postings.asset': "['A','A']",
      'postings.amount': '[-1.5,1.5]',
      'postings.after': '[8,10000000000.000000000000000001]',
    },
  ],
  [
    'what has neither key nor postings',
    { seq: 7, t: 0, who: 'operator:x\\y', kind: 'halt', fund: 'F' },
    {
      t: '1970-01-01 00:00:00.000',
      who: 'operator:x\\y',
      kind: 'halt',
      key: '',
      fund: 'F',
      status: '',
      code: '',
      'postings.account': '[]',
      'postings.asset': '[]',
      'postings.amount': '[]',
      'postings.after': '[]',
    },
  ],
])('%s', (_, entry, expected) => {
  const text = JSON.stringify(entry)
  const { rows } = entryRows('the journal', [
    { seq: 7, text, hash: 'abc' },
    { seq: 8, text: JSON.stringify({ ...entry, seq: 8 }), hash: 'def' },
  ])
  const [first, second, end, ...more] = rows.split('\n')
  expect([end, more]).toEqual(['', []])
  expect(read(first!)).toEqual({ journal: 'the journal', seq: '7', ...expected, text, hash: 'abc' })
  expect(read(second!)).toMatchObject({ seq: '8', hash: 'def' })
})

it('an entry with an amount that no column holds has no postings beside its text, and is counted', () => {
  const large = {
    ...order,
    postings: [
      ['client:ann', 'A', `-${'9'.repeat(59)}.5`, '8'],
      ['custody:F', 'A', `${'9'.repeat(59)}.5`, '0'],
    ],
  }
  const entries = [large, order].map((entry, i) => ({ seq: 7 + i, text: JSON.stringify(entry), hash: 'abc' }))
  const { rows, bare } = entryRows('the journal', entries)
  const [first, second] = rows.split('\n').slice(0, 2).map(read)
  expect(bare).toBe(1)
  expect(first).toMatchObject({ seq: '7', 'postings.amount': '[]', text: JSON.stringify(large), hash: 'abc' })
  expect(second).toMatchObject({ seq: '8', 'postings.amount': '[-1.5,1.5]' })
  expect(read(entryRows('the journal', entries, true).rows.split('\n')[1]!)).toMatchObject({ 'postings.amount': '[]' })
})
