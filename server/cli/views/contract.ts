import type { Check, Contract, ContractCode } from '../../../streams/wire/answers/contracts.ts'
import { CONTRACT_CHECK_NAMES, CONTRACT_CHECKS, type ContractCheck, type ContractCheckName } from '../../../streams/wire/contractChecks.ts'
import { CHECK_GROUPS, CODE_VIA, evidenceText } from '../../../streams/wire/contractTexts.ts'
import { cut } from '../../lib/plainText.ts'
import { table } from '../../lib/textTable.ts'
import type { Paint } from '../terminal/style.ts'

interface Row {
  readonly name: ContractCheckName
  readonly check: Check
}

/** What an answer is worth to a reader: something to know of, something that is not as the standard has it, or nothing special. */
const lookOf = ({ name, check: { answer } }: Row): 'yellow' | 'dim' | undefined => {
  if (answer === 'unknown') return 'dim'
  const { group, concern }: ContractCheck = CONTRACT_CHECKS[name]
  return (concern && answer === 'yes') || (group === 'erc20' && answer === 'no') ? 'yellow' : undefined
}

const codeLine = ({ address, via, size, compiler, selectors, complete }: ContractCode): string => {
  const functions = `${selectors.length} ${selectors.length === 1 ? 'function' : 'functions'}${complete ? '' : ' or more'}`
  const facts = [`${size} bytes`, ...(compiler === undefined ? [] : [compiler]), functions].join(', ')
  return via === undefined ? `${address}: ${facts}` : `→ ${address} (${CODE_VIA[via]}): ${facts}`
}

/** Returns what the code of a contract says, as lines that fit the terminal. */
export const contractText = (
  { chain, address, block, t, code, checks, concerns, replaced = [] }: Contract,
  width: number,
  paint: Paint,
): string => {
  const when = `${chain}, block ${block}, ${new Date(t).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  if (code.length === 0) return `${address}: no contract is at this address\n${when}`
  const codes = code.map(one => one.address)
  const rows = CONTRACT_CHECK_NAMES.flatMap(name => (checks[name] === undefined ? [] : [{ name, check: checks[name] }]))
  const group = (key: ContractCheck['group']): string => {
    const cells = rows.filter(({ name }) => CONTRACT_CHECKS[name].group === key)
    const painted = (row: Row, text: string): string => {
      const look = lookOf(row)
      return look === undefined ? text : paint(look, text)
    }
    const evidence = ({ check }: Row): string => check.why ?? check.evidence.map(item => evidenceText(item, codes)).join('; ')
    return table(
      cells,
      [
        { head: '', cell: ({ check }) => (check.answer === 'unknown' ? '?' : check.answer), left: true, paint: painted },
        { head: CHECK_GROUPS[key], cell: ({ name }) => CONTRACT_CHECKS[name].title, left: true, least: 24, paint: painted },
        { head: '', cell: evidence, left: true, least: 16, paint: painted },
      ],
      { width, head: line => paint('bold', line) },
    )
  }
  return [
    ...code.map(one => cut(codeLine(one), width)),
    when,
    '',
    ...(Object.keys(CHECK_GROUPS) as ContractCheck['group'][]).flatMap(key => [group(key), '']),
    ...replaced.map(
      ({ t, block, from, to }) =>
        `replaced before block ${block}, ${new Date(t).toISOString().slice(0, 10)}: ${from ?? 'nothing'} → ${to ?? 'nothing'}`,
    ),
    ...(replaced.length > 0 ? [''] : []),
    concerns.length === 0
      ? 'Nothing known was found. That proves nothing: what is hidden has another name.'
      : paint('bold', `To know before relying on it: ${concerns.map(name => CONTRACT_CHECKS[name].title).join('; ')}.`),
  ].join('\n')
}
