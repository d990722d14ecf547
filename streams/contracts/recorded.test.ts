import { describe, expect, it } from 'vitest'
import { haveRecordings, recordedLines } from '../../server/test/recordings.ts'
import { CONTRACT } from '../wire/answers/contracts.ts'
import { CONTRACT_CHECKS, type ContractCheckName, concernsOf } from '../wire/contractChecks.ts'
import { checksOf } from './checks.ts'
import { type CodeFacts, codeFacts } from './codeFacts.ts'
import { ERC20_FUNCTIONS, ERC20_RETURNS } from './erc20.ts'
import { selectorsOfEvmole } from './test/evmole.ts'

/** Contracts of Ethereum: verified ones, held against their ABI and source, and ones that took people's money, held against labels by hand. */

interface Output {
  readonly type: string
}

interface Verified {
  readonly name: string
  readonly standard: string
  readonly compiler: string
  readonly abi: readonly {
    readonly type: string
    readonly name?: string
    readonly inputs?: readonly Output[]
    readonly outputs?: readonly Output[]
  }[]
  readonly deployed_bytecode: string
  readonly selectors: readonly string[]
  readonly source_has: Readonly<Record<string, boolean>>
}

interface Labelled {
  readonly hidden_mint: boolean
  readonly leak: boolean
  readonly limit_sell: boolean
  readonly deployed_bytecode: string
}

const read = <T>(file: string): T[] => recordedLines(`analytics/contracts/${file}`).map(line => JSON.parse(line) as T)
const verified = haveRecordings ? read<Verified>('verified_contracts.ndjson.gz') : []
const labelled = haveRecordings ? read<Labelled>('rugpull_labels.ndjson.gz') : []
const all: readonly (Verified & { facts: CodeFacts })[] = verified.map(contract => ({
  ...contract,
  facts: codeFacts(contract.deployed_bytecode),
}))

const checks = (facts: CodeFacts) => checksOf({ codes: [{ address: '0x', facts }], slots: undefined, why: {} })

// The recordings stand beside the project.
describe.skipIf(!haveRecordings)('recorded contracts', () => {
  it('the functions of verified contracts are those of their ABI: none is missing, none too many', () => {
    expect(all.length).toBeGreaterThan(70)
    for (const { name, facts, selectors } of all) {
      expect([name, facts.selectors.map(selector => `0x${selector}`)]).toEqual([name, [...selectors].sort()])
      expect([name, facts.complete]).toEqual([name, true])
    }
  })

  it('the functions of all contracts are those that evmole finds', () => {
    for (const { deployed_bytecode } of [...verified, ...labelled])
      expect(codeFacts(deployed_bytecode).selectors).toEqual(selectorsOfEvmole(deployed_bytecode))
  })

  it('SELFDESTRUCT is in the code if the source says selfdestruct, and only then', () => {
    const wrong = all.filter(({ facts, source_has }) => (facts.opcodes.SELFDESTRUCT !== undefined) !== source_has.selfdestruct)
    expect(wrong.map(({ name }) => name)).toEqual([])
    expect(all.filter(({ source_has }) => source_has.selfdestruct).length).toBeGreaterThan(1)
  })

  it('DELEGATECALL is in no verified contract', () => {
    expect(all.filter(({ facts }) => facts.opcodes.DELEGATECALL !== undefined || facts.opcodes.CALLCODE !== undefined)).toEqual([])
  })

  it('transfer, transferFrom and approve of each token return as many bytes as its ABI says', () => {
    const tokens = all.filter(({ standard }) => standard === 'ERC20')
    const pairs = tokens.flatMap(({ name, abi, facts }) =>
      Object.entries(ERC20_RETURNS).flatMap(([selector, { words }]) => {
        const asked = ERC20_FUNCTIONS[selector]!.split('(')[0]
        const known = abi.find(item => item.type === 'function' && item.name === asked && item.inputs?.length === words)
        return known ? [{ name: `${name}.${asked}`, found: facts.returns[selector], expected: 32 * known.outputs!.length }] : []
      }),
    )
    expect(pairs.length).toBeGreaterThan(180)
    expect(pairs.filter(({ found, expected }) => found !== expected)).toEqual([])
    expect(pairs.filter(({ expected }) => expected === 0).length).toBeGreaterThan(10)
  })

  it('the token that returns nothing from transfer is found out', () => {
    const bnb = checks(all.find(({ name }) => name === 'BNB')!.facts)
    expect(bnb['erc20.functions']?.answer).toBe('yes')
    expect(bnb['erc20.events']?.answer).toBe('no')
    expect(bnb['erc20.returns']).toMatchObject({ answer: 'no', evidence: [{ name: 'transfer(address,uint256)', value: 'nothing' }] })
  })

  it('the compiler of every note is the one that the explorer knows', () => {
    const notes = all.filter(({ facts }) => facts.compiler !== undefined)
    for (const { compiler, facts } of notes) expect(compiler).toContain(`v${facts.compiler!.split(' ')[1]}`)
  })
})

describe.skipIf(!haveRecordings)('contracts labelled by hand', () => {
  const table = (label: keyof Labelled, check: ContractCheckName) => {
    const rows = labelled.map(row => [row[label] === true, checks(codeFacts(row.deployed_bytecode))[check]?.answer === 'yes'] as const)
    const count = (is: boolean, says: boolean): number => rows.filter(([a, b]) => a === is && b === says).length
    return { hits: count(true, true), missed: count(true, false), false: count(false, true), rightly: count(false, false) }
  }

  it('known names find half of the hidden mints and a third of the limits, and nothing false: nobody is called safe by them', () => {
    expect(table('hidden_mint', 'privilege.mint')).toEqual({ hits: 6, missed: 6, false: 0, rightly: 31 })
    expect(table('limit_sell', 'privilege.limits')).toEqual({ hits: 5, missed: 11, false: 0, rightly: 27 })
  })

  it('a contract of which nothing known is found stands beside many of which something is', () => {
    const few = labelled.filter(({ deployed_bytecode }) => concernsOf(checks(codeFacts(deployed_bytecode))).length === 0)
    expect(few.length).toBeGreaterThan(0)
    expect(few.length).toBeLessThan(labelled.length / 3)
  })

  it('the answers have the form that is described', () => {
    for (const { deployed_bytecode } of labelled) CONTRACT.shape.checks.parse(checks(codeFacts(deployed_bytecode)))
  })

  it('a check by name never says no', () => {
    for (const { deployed_bytecode } of labelled)
      for (const [name, check] of Object.entries(checks(codeFacts(deployed_bytecode))))
        if (CONTRACT_CHECKS[name as ContractCheckName].group === 'privileges') expect(check?.answer).not.toBe('no')
  })
})
