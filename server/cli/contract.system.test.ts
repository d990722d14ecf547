import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROXY_SLOTS } from '../../streams/contracts/proxy.ts'
import { codeWith, EVENTS, TOKEN } from '../../streams/contracts/test/code.ts'
import { CONTRACT } from '../../streams/wire/answers/contracts.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { ContractNode } from '../test/contractNode.ts'

/** `driftwire contract`, as a process of its own that asks a node. */

const PROXY = `0x${'a'.repeat(40)}`
const IMPLEMENTATION = `0x${'b'.repeat(40)}`
const PLAIN = `0x${'c'.repeat(40)}`

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const node = new ContractNode()
let url = ''
const command = (...words: string[]): Promise<Ended> =>
  new Promise(resolve => {
    const program = join(packageRoot(), 'server/cli/driftwire.cjs')
    execFile(process.execPath, [program, 'contract', ...words], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

beforeAll(async () => {
  url = await node.start()
  Object.assign(node.contracts, {
    [PROXY]: { code: codeWith({ forwards: true }), storage: { [PROXY_SLOTS.implementation]: `0x${'0'.repeat(24)}${'b'.repeat(40)}` } },
    [IMPLEMENTATION]: { code: codeWith({ functions: [...TOKEN, '40c10f19'], silent: ['a9059cbb'], more: EVENTS }) },
    [PLAIN]: { code: codeWith({}) },
  })
})
afterAll(() => node.stop())

describe('driftwire contract', () => {
  it('shows a proxy, what it leads to, each check with its evidence, and what one should know', async () => {
    const { code, stdout, stderr } = await command(PROXY, '--node', url)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      new RegExp(`^${PROXY}: \\d+ bytes, 0 functions\n→ ${IMPLEMENTATION} \\(implementation, by the slot of EIP-1967\\)`),
    )
    expect(stdout).toMatch(/^ethereum, block 20000000, 2023-11-14 22:13:20 UTC$/m)
    expect(stdout).toMatch(/^yes +minting +mint\(address,uint256\) in 0xbbbb…bbbb$/m)
    expect(stdout).toMatch(/^no +transfer, transferFrom and approve return a bool +transfer\(address,uint256\) = nothing/m)
    expect(stdout).toMatch(/^\? +pausing +no function of a known name; another name may do it$/m)
    expect(stdout).toMatch(/To know before relying on it: .*minting/)
    expect(stdout).not.toMatch(/\bsafe\b/i)
  })

  it('of a contract that has nothing known it says so, and that this proves nothing', async () => {
    const { stdout } = await command(PLAIN, '--node', url)
    expect(stdout).toContain('Nothing known was found. That proves nothing')
    expect(stdout).not.toMatch(/\bsafe\b/i)
  })

  it('--json prints the answer', async () => {
    const { stdout } = await command(PROXY, '--node', url, '--json', '--chain', 'here')
    expect(CONTRACT.parse(JSON.parse(stdout))).toMatchObject({ chain: 'here', address: PROXY })
  })

  it.each([
    ['no address', ['0x12'], 2, /address: found "0x12", expected 0x and 40 hexadecimal digits/],
    ['a node that is not there', [PLAIN, '--node', 'http://127.0.0.1:9/a-secret-key'], 1, /the node of ethereum: /],
    ['no server', [PLAIN, '--url', 'http://127.0.0.1:9'], 1, /found no server, expected a running one/],
  ])('%s: one line', async (_, words, expected, line) => {
    const { code, stdout, stderr } = await command(
      ...(words.includes('--node') || words.includes('--url') ? words : [...words, '--node', url]),
    )
    expect([code, stdout]).toEqual([expected, ''])
    expect(stderr).toMatch(line)
    expect(stderr).not.toContain('a-secret-key')
  })
})
