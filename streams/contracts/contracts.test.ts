import fc from 'fast-check'
import { keccak256, stringToHex, toEventSelector, toFunctionSelector } from 'viem'
import { describe, expect, it } from 'vitest'
import { CODE_MAX, codeOf, instructions, OP } from './bytecode.ts'
import { checksOf, type Found } from './checks.ts'
import { codeFacts } from './codeFacts.ts'
import { compilerNote } from './compilerNote.ts'
import { ERC20_EVENTS, ERC20_FUNCTIONS, ERC20_OPTIONAL } from './erc20.ts'
import { explore, exploring } from './explore.ts'
import { PRIVILEGES } from './functionNames.ts'
import { addressIn, OLD_SLOTS, PROXY_SLOTS, pointerOf } from './proxy.ts'

const IMPLEMENTATION = 'bebebebebebebebebebebebebebebebebebebebe'
const MINIMAL = `0x363d3d373d3d3d363d73${IMPLEMENTATION}5af43d82803e903d91602b57fd5bf3`

describe('names and their numbers', () => {
  it.each([...Object.values(PRIVILEGES), ERC20_FUNCTIONS, ERC20_OPTIONAL])('a selector is the hash of its function: %#', functions => {
    for (const [selector, name] of Object.entries(functions)) expect([name, `0x${selector}`]).toEqual([name, toFunctionSelector(name)])
  })

  it('a topic is the hash of its event', () => {
    for (const { signature, topic } of ERC20_EVENTS) expect(topic).toBe(toEventSelector(signature))
  })

  it('a slot of EIP-1967 is the hash of its name less 1; older slots are hashes of theirs', () => {
    for (const [name, slot] of Object.entries(PROXY_SLOTS))
      expect(BigInt(slot)).toBe(BigInt(keccak256(stringToHex(`eip1967.proxy.${name}`))) - 1n)
    expect(OLD_SLOTS.zeppelinos).toBe(keccak256(stringToHex('org.zeppelinos.proxy.implementation')))
    expect(OLD_SLOTS.eip1822).toBe(keccak256(stringToHex('PROXIABLE')))
  })
})

describe('code', () => {
  it.each([
    ['odd', '0xabc', /found "0xabc", expected pairs/],
    ['no hexadecimal digits', '0xzz', /expected pairs/],
    ['too long', `0x${'00'.repeat(CODE_MAX + 1)}`, /found 65537 bytes, expected at most 65536/],
  ])('is refused if it is %s', (_, text, why) => {
    expect(() => codeOf(text)).toThrow(why)
  })

  it('an operand is no instruction, and what no JUMPDEST opens never runs', () => {
    const offsets = (hex: string): number[] =>
      [...instructions(codeOf(hex))].filter(({ opcode }) => opcode === OP.SELFDESTRUCT).map(({ offset }) => offset)
    expect(offsets('60ff00')).toEqual([])
    expect(offsets('00ff')).toEqual([])
    expect(offsets('005bff')).toEqual([2])
    expect(offsets('ff')).toEqual([0])
    expect(offsets('7fffffff')).toEqual([])
  })

  it('the compiler’s note is read, of Solidity and of both forms of Vyper', () => {
    const ipfs = `a2646970667358221220${'aa'.repeat(32)}`
    expect(compilerNote(codeOf(`6000${ipfs}64736f6c63430008130033`))).toEqual({ offset: 2, compiler: 'solc 0.8.19' })
    expect(compilerNote(codeOf('6000a165767970657283000306000b'))).toEqual({ offset: 2, compiler: 'vyper 0.3.6' })
    expect(compilerNote(codeOf('60008418208000a16576797065728300030a0012'))).toMatchObject({ compiler: 'vyper 0.3.10' })
    expect(compilerNote(codeOf(`6000a165627a7a72305820${'bb'.repeat(32)}0029`))).toEqual({ offset: 2 })
    expect(compilerNote(codeOf('60006001'))).toBeUndefined()
  })

  it('any bytes are read to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        const { selectors } = explore(bytes, {})
        for (const selector of selectors.keys()) expect(selector).toBeLessThan(2 ** 32)
        compilerNote(bytes)
        explore(bytes, { selector: 1, size: 36 })
      }),
    )
  })

  it.each([
    ['squares without end', '5b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff800a', 1_700],
    ['forks', '5b60003554806104005760005b', 4_000],
    ['words that overlap', '3060015230600252306003523060045230600552', 3_000],
    ['turns of a loop', '60005b600101806002565b', 1],
  ])('made to take long takes no longer than others: %s', (_, part, times) => {
    const work = exploring(codeOf(part.repeat(times)), {})
    const began = performance.now()
    let turns = 1
    while (!work.next().done) turns += 1
    expect(performance.now() - began).toBeLessThan(5_000)
    // Beyond the bound it ends, and it rests about every 2,000.
    expect(turns).toBeLessThan(80)
  })
})

const push2 = (n: number): string => `61${n.toString(16).padStart(4, '0')}`

/** How compilers compare the selector, which is on top of the stack. `next`: where the next comparison stands. */
type Comparison = (selector: string, next: number) => string

/** A dispatcher as compilers write it: the selector is compared with one number after the other. */
const dispatcher = (load: string, compare: Comparison, selectors: readonly string[]): Uint8Array => {
  let code = load
  for (const selector of selectors) code += compare(selector, (code.length + compare(selector, 0).length) / 2)
  return codeOf(`${code}00`)
}

/** Jumps to the function, which is nowhere, and goes on with the next comparison. */
const ifSame: Comparison = selector => `8063${selector}14${push2(0xffff)}57`

describe('functions', () => {
  const selector = fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(n => n.toString(16).padStart(8, '0'))
  const lists = fc.uniqueArray(selector, { minLength: 1, maxLength: 20 })

  it.each<[string, string, Comparison]>([
    ['SHR and EQ', '60003560e01c', ifSame],
    ['DIV and AND', `7c01${'00'.repeat(28)}6000350463ffffffff16`, ifSame],
    ['the whole word, masked', `6000357fffffffff${'00'.repeat(28)}16`, selector => `807f${selector}${'00'.repeat(28)}14${push2(0xffff)}57`],
    ['XOR, from memory, as old Vyper has it', '600035601c52600051', (selector, next) => `8063${selector}18${push2(next - 1)}57005b`],
    ['SUB, and the test turned', '60003560e01c', selector => `8063${selector}0315${push2(0xffff)}57`],
  ])('are found behind %s', (_, load, compare) => {
    fc.assert(
      fc.property(lists, selectors => {
        const { selectors: found, complete } = explore(dispatcher(load, compare, selectors), {})
        expect([...found.keys()].sort()).toEqual(selectors.map(text => Number.parseInt(text, 16)).sort())
        expect(complete).toBe(true)
      }),
    )
  })

  it('a jump to a place that is not known is said to be one', () => {
    expect(explore(codeOf('60005456'), {}).complete).toBe(false)
    expect(explore(codeOf('600456fe5b00'), {}).complete).toBe(true)
  })
})

const found = (hex: string, more: Partial<Found> = {}): Found => ({
  codes: [{ address: '0xa', facts: codeFacts(hex) }],
  slots: { implementation: `0x${'0'.repeat(64)}`, admin: `0x${'0'.repeat(64)}`, beacon: `0x${'0'.repeat(64)}` },
  why: {},
  ...more,
})

describe('checks', () => {
  it('a minimal proxy is known by its whole code, and says nothing of the functions behind it', () => {
    const checks = checksOf(found(MINIMAL))
    expect(checks['proxy.eip1167']).toEqual({ answer: 'yes', evidence: [{ at: '0xa', offset: 0, value: `0x${IMPLEMENTATION}` }] })
    expect(checks['erc20.functions']?.answer).toBe('unknown')
    expect(checks['opcode.SELFDESTRUCT']?.answer).toBe('unknown')
    expect(pointerOf(codeOf(`${MINIMAL}00`))).toBeUndefined()
    expect(pointerOf(codeOf(`0xef0100${IMPLEMENTATION}`))).toEqual({ kind: 'eip7702', to: `0x${IMPLEMENTATION}` })
  })

  it('a slot that is set makes a proxy; slots that could not be read make it unknown', () => {
    const slots = { ...found('00').slots!, implementation: `0x${'0'.repeat(24)}${IMPLEMENTATION}` }
    expect(checksOf(found('00', { slots }))['proxy.eip1967']).toMatchObject({
      answer: 'yes',
      evidence: [{ slot: PROXY_SLOTS.implementation, value: `0x${IMPLEMENTATION}` }],
    })
    expect(checksOf(found('00'))['proxy.eip1967']?.answer).toBe('no')
    expect(checksOf(found('00', { slots: undefined, why: { slots: 'the node refused' } }))['proxy.eip1967']).toMatchObject({
      answer: 'unknown',
      why: 'the node refused',
    })
    expect(addressIn(`0x${'f'.repeat(64)}`)).toBeUndefined()
  })

  it.each([
    ['0', 'yes'],
    ['1', 'no'],
  ] as const)('an owner of %s: renounced %s', (owner, answer) => {
    expect(checksOf(found('00', { owner: { word: `0x${owner.padStart(64, '0')}` } }))['owner.renounced']?.answer).toBe(answer)
  })

  it('what was not answered is unknown, and why', () => {
    expect(checksOf(found('00', { owner: { word: undefined } }))['owner.renounced']).toMatchObject({
      answer: 'unknown',
      why: 'owner() gave no answer',
    })
    expect(checksOf(found('00'))['source.verified']).toMatchObject({ answer: 'unknown', why: 'no explorer was asked' })
    expect(checksOf({ codes: [], slots: undefined, why: {} })).toEqual({})
  })

  it.each([
    ['6', 'yes'],
    ['100', 'no'],
  ] as const)('decimals of 0x%s are a uint8: %s', (value, answer) => {
    const hex = '60003560e01c8063313ce5671461000f575b00'
    expect(checksOf(found(hex, { decimals: { word: `0x${value.padStart(64, '0')}` } }))['erc20.decimals']?.answer).toBe(answer)
  })
})
