import { z } from 'zod'
import { CONTRACT_CHECK_NAMES, type ContractCheckName } from '../contractChecks.ts'
import { MS, type Read } from './forms.ts'

/** Answers about contracts. */

const ADDRESS = z.string().describe('0x and 40 digits, lower case')

const EVIDENCE = z.strictObject({
  at: ADDRESS.optional().describe('whose code or storage shows it'),
  offset: z.int().optional().describe('in the code, in bytes'),
  selector: z.string().optional().describe('of a function, 0x and 8 digits'),
  name: z.string().optional().describe('the function that has this selector, an event, a compiler'),
  slot: z.string().optional().describe('of the storage'),
  value: z.string().optional().describe('what stands there, or was answered'),
  missing: z.literal(true).optional().describe('it was looked for, and is not there'),
})
/** What an answer rests on. */
export type Evidence = Read<typeof EVIDENCE>

const CHECK = z.strictObject({
  answer: z.enum(['yes', 'no', 'unknown']),
  evidence: z.array(EVIDENCE),
  why: z.string().optional().describe('why it is unknown'),
})
/** The answer of a check. */
export type Check = Read<typeof CHECK>

const CODE = z.strictObject({
  address: ADDRESS,
  via: z
    .enum(['implementation', 'beacon', 'eip1167', 'eip7702', 'zeppelinos', 'eip1822'])
    .optional()
    .describe('how the code before it leads here; absent of the contract itself'),
  hash: z.string().describe('keccak256 of the code'),
  size: z.int().describe('bytes'),
  compiler: z.string().optional(),
  selectors: z.array(z.string()).describe('of its functions, 0x and 8 digits'),
  complete: z.boolean().describe('no function can be missing among the selectors'),
})
/** One of the codes that make up a contract: its own, and those it leads to. */
export type ContractCode = Read<typeof CODE>

/** `GET /v1/contracts/{chain}/{address}`: what the code of a contract says, at one block. */
export const CONTRACT = z.strictObject({
  chain: z.string(),
  address: ADDRESS,
  block: z.int().describe('at which all of it was read'),
  t: MS.describe('of the block, ms since the epoch'),
  code: z.array(CODE).describe('empty: no contract is at this address'),
  checks: z.strictObject(
    Object.fromEntries(CONTRACT_CHECK_NAMES.map(name => [name, CHECK.optional()])) as Record<
      ContractCheckName,
      z.ZodOptional<typeof CHECK>
    >,
  ),
  concerns: z
    .array(z.enum(CONTRACT_CHECK_NAMES as [ContractCheckName, ...ContractCheckName[]]))
    .describe('checks that found something worth knowing; empty: nothing known was found, which proves nothing'),
  replaced: z
    .array(z.strictObject({ t: MS, block: z.int(), from: ADDRESS.optional(), to: ADDRESS.optional() }))
    .optional()
    .describe('changes of the code that calls are led to, as far as somebody looked, newest first; absent if the store cannot say'),
})
/** What CONTRACT describes. */
export type Contract = Read<typeof CONTRACT>
/** The answers of all checks. */
export type Checks = Contract['checks']
