import type { Check, Checks } from '../../../../../streams/wire/answers/contracts.ts'
import {
  CONTRACT_CHECK_NAMES,
  CONTRACT_CHECKS,
  type ContractCheck,
  type ContractCheckName,
} from '../../../../../streams/wire/contractChecks.ts'
import { CHECK_GROUPS, evidenceText } from '../../../../../streams/wire/contractTexts.ts'

/** How an answer looks: what one should know of stands out, what is unknown stands back. */
const lookOf = (name: ContractCheckName, { answer }: Check): string => {
  const { group, concern }: ContractCheck = CONTRACT_CHECKS[name]
  if (answer === 'unknown') return 'quiet'
  return (concern && answer === 'yes') || (group === 'erc20' && answer === 'no') ? 'warn' : ''
}

const Line = ({ name, check, codes }: { readonly name: ContractCheckName; readonly check: Check; readonly codes: readonly string[] }) => (
  <tr class={lookOf(name, check)} data-check={name}>
    <td>{check.answer}</td>
    <th scope="row">{CONTRACT_CHECKS[name].title}</th>
    <td>
      {check.why && <div>{check.why}</div>}
      {check.evidence.map(item => (
        <div key={JSON.stringify(item)}>{evidenceText(item, codes)}</div>
      ))}
    </td>
  </tr>
)

/** All checks of a contract by groups, each with its evidence. */
export const CheckGroups = ({ checks, codes }: { readonly checks: Checks; readonly codes: readonly string[] }) => (
  <>
    {(Object.keys(CHECK_GROUPS) as ContractCheck['group'][]).map(group => (
      <section key={group} class="card">
        <h2>{CHECK_GROUPS[group]}</h2>
        <table class="checks">
          <thead class="hidden">
            <tr>
              <th scope="col">Answer</th>
              <th scope="col">Check</th>
              <th scope="col">Evidence</th>
            </tr>
          </thead>
          <tbody>
            {CONTRACT_CHECK_NAMES.map(name => {
              const check = checks[name]
              return CONTRACT_CHECKS[name].group === group && check && <Line key={name} name={name} check={check} codes={codes} />
            })}
          </tbody>
        </table>
      </section>
    ))}
  </>
)
