import { cpuUsage } from 'node:process'
import { haveRecordings, recordedLines } from '../server/test/recordings.ts'
import { checksOf } from '../streams/contracts/checks.ts'
import { codeFacts } from '../streams/contracts/codeFacts.ts'
import { selectorsOfEvmole } from '../streams/contracts/test/evmole.ts'
import type { ContractCheckName } from '../streams/wire/contractChecks.ts'
import { type Figure, print, type Report } from './report.ts'

const ROUNDS = 5

interface Verified {
  readonly deployed_bytecode: string
  readonly selectors: readonly string[]
  readonly source_has: { readonly selfdestruct: boolean }
}

/** Labels by hand of contracts that took people's money. */
interface Labelled {
  readonly deployed_bytecode: string
  readonly hidden_mint: boolean
  readonly limit_sell: boolean
  readonly leak: boolean
}

const read = <T>(file: string): T[] => recordedLines(`analytics/contracts/${file}`).map(line => JSON.parse(line) as T)

/** Which checks might find what a label says. */
const BESIDE: readonly (readonly [label: 'hidden_mint' | 'limit_sell' | 'leak', check: ContractCheckName])[] = [
  ['hidden_mint', 'privilege.mint'],
  ['limit_sell', 'privilege.limits'],
  ['limit_sell', 'privilege.blacklist'],
  ['limit_sell', 'privilege.pause'],
  ['leak', 'opcode.SELFDESTRUCT'],
  ['leak', 'opcode.DELEGATECALL'],
]

const table = (rows: readonly Labelled[]): void => {
  console.log(`\n${rows.length} contracts that took people's money, labelled by hand:`)
  console.log(`  ${'label'.padEnd(12)} ${'check'.padEnd(22)} hits  missed  false  rightly not`)
  for (const [label, check] of BESIDE) {
    const answers = rows.map(row => {
      const checks = checksOf({ codes: [{ address: '0x', facts: codeFacts(row.deployed_bytecode) }], slots: undefined, why: {} })
      return [row[label], checks[check]?.answer === 'yes'] as const
    })
    const count = (is: boolean, says: boolean): string => String(answers.filter(([a, b]) => a === is && b === says).length)
    const cells = [
      count(true, true).padStart(4),
      count(true, false).padStart(7),
      count(false, true).padStart(6),
      count(false, false).padStart(12),
    ]
    console.log(`  ${label.padEnd(12)} ${check.padEnd(22)} ${cells.join(' ')}`)
  }
  console.log('  That nothing known is found says nothing: most of what was hidden is among the missed.\n')
}

/** Precision and recall of the selectors, and how often SELFDESTRUCT is where the source has it. */
const accuracy = (rows: readonly Verified[], selectorsOf: (code: string) => readonly string[]): { precision: number; recall: number } => {
  let [right, found, there] = [0, 0, 0]
  for (const { deployed_bytecode, selectors } of rows) {
    const list = selectorsOf(deployed_bytecode).map(selector => `0x${selector}`)
    right += list.filter(selector => selectors.includes(selector)).length
    found += list.length
    there += selectors.length
  }
  return { precision: right / found, recall: right / there }
}

const timed = (what: string, rows: readonly Verified[], work: (code: string) => unknown): Figure => ({
  what,
  unit: 'ms a contract',
  rounds: Array.from({ length: ROUNDS }, () => {
    const before = cpuUsage()
    for (const { deployed_bytecode } of rows) work(deployed_bytecode)
    const { user, system } = cpuUsage(before)
    return (user + system) / 1000 / rows.length
  }),
})

const one = (what: string, value: number): Figure => ({ what, unit: '', rounds: [value] })

const measure = (): Report => {
  const verified = read<Verified>('verified_contracts.ndjson.gz')
  table(read<Labelled>('rugpull_labels.ndjson.gz'))
  const [ours, evmole] = [accuracy(verified, code => codeFacts(code).selectors), accuracy(verified, selectorsOfEvmole)]
  const opcodes = verified.filter(
    row => (codeFacts(row.deployed_bytecode).opcodes.SELFDESTRUCT !== undefined) === row.source_has.selfdestruct,
  )
  return {
    name: 'contracts',
    method: `The code of ${verified.length} verified contracts of Ethereum; selectors held against their ABI, SELFDESTRUCT against their source. Processor time. All is everything that is known of a code: functions, opcodes, events, what the functions of ERC-20 return, the compiler.`,
    figures: [
      one('selectors: precision', ours.precision),
      one('selectors: recall', ours.recall),
      one('selectors: precision of evmole', evmole.precision),
      one('selectors: recall of evmole', evmole.recall),
      one('SELFDESTRUCT as the source has it', opcodes.length / verified.length),
      timed('all', verified, codeFacts),
      timed('evmole, selectors alone', verified, selectorsOfEvmole),
    ],
  }
}

if (haveRecordings) print(measure())
else {
  console.error('bench contracts: found no recordings')
  process.exit(1)
}
