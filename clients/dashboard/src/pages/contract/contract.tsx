import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ContractCode, Contract as Found } from '../../../../../streams/wire/answers/contracts.ts'
import { CONTRACT_CHECKS } from '../../../../../streams/wire/contractChecks.ts'
import { CODE_VIA } from '../../../../../streams/wire/contractTexts.ts'
import { moment } from '../../format/time.ts'
import { get, Refused } from '../../live/http.ts'
import { session } from '../../live/session.ts'
import { Refusal } from '../../parts/refusal.tsx'
import { go, place } from '../../router.ts'
import type { PageProps } from '../page.ts'
import { CheckGroups } from './checks.tsx'

/** What the code of a contract says, as of one block: the form, and the answer if the path has a contract. */
export const Contract = ({ id }: PageProps) => {
  const [chain = '', address = ''] = id.split('/')
  const found = useSignal<Found | undefined>(undefined)
  const error = useSignal<Refused | undefined>(undefined)
  const asked = useSignal(0)
  const token = session.value?.token
  useEffect(() => {
    if (address === '' || token === undefined) return
    // Each question costs the server some ten to a node, so none is asked again by itself.
    const stop = new AbortController()
    error.value = undefined
    get<Found>(`/v1/contracts/${encodeURIComponent(chain)}/${encodeURIComponent(address)}`, stop.signal).then(
      answer => {
        found.value = answer
      },
      (reason: unknown) => {
        if (stop.signal.aborted) return
        found.value = undefined
        error.value = reason instanceof Refused ? reason : new Refused(0, 'internal', String(reason))
      },
    )
    return () => stop.abort()
  }, [chain, address, token, asked.value])
  return (
    <>
      <div class="title">
        <h1>Contract</h1>
      </div>
      <section class="card">
        <Question chain={chain || 'ethereum'} address={address} again={() => (asked.value += 1)} />
        {token === undefined && (
          <p class="lead">
            Each contract costs the server some ten questions to a node, so this is for clients and operators.{' '}
            <a href={`/sign-in?to=${place.value.path}`}>Sign in</a>
          </p>
        )}
        {error.value && <Refusal what="this contract" error={error.value} />}
        {address !== '' && token !== undefined && !found.value && !error.value && <p class="empty">the node is asked</p>}
        {found.value && <Summary found={found.value} />}
      </section>
      {found.value && <CheckGroups checks={found.value.checks} codes={found.value.code.map(code => code.address)} />}
    </>
  )
}

interface QuestionProps {
  readonly chain: string
  readonly address: string
  /** Asks for the same again. */
  readonly again: () => void
}

const Question = ({ chain, address, again }: QuestionProps) => (
  <form
    class="fields"
    onSubmit={event => {
      event.preventDefault()
      const form = new FormData(event.currentTarget)
      const read = (name: string): string => encodeURIComponent(String(form.get(name) ?? '').trim())
      const href = `/contract/${read('chain')}/${read('address')}`
      if (href === location.pathname) again()
      else go(href)
    }}
  >
    <label class="field">
      Chain
      <input name="chain" required autocomplete="off" spellcheck={false} value={chain} />
    </label>
    <label class="field wide">
      Address
      <input name="address" required autocomplete="off" spellcheck={false} class="mono" placeholder="0x…" value={address} />
    </label>
    <button type="submit" class="primary">
      Read
    </button>
  </form>
)

const Summary = ({ found: { chain, block, t, code, concerns, replaced } }: { readonly found: Found }) => (
  <>
    <dl class="facts">
      <dt>As of</dt>
      <dd>
        block {block} of {chain}, {moment(t)} UTC
      </dd>
      {code.length === 0 && (
        <>
          <dt>Code</dt>
          <dd>none: no contract is at this address</dd>
        </>
      )}
      {code.map(one => (
        <Code key={one.address} code={one} />
      ))}
      {replaced?.map(change => (
        <Change key={change.block} change={change} />
      ))}
      {replaced === undefined && (
        <>
          <dt>Replaced</dt>
          <dd class="quiet">unknown: the store does not answer</dd>
        </>
      )}
    </dl>
    {code.length > 0 && (
      <p class="lead">
        {concerns.length > 0 ? (
          <strong>To know before relying on it: {concerns.map(name => CONTRACT_CHECKS[name].title).join('; ')}.</strong>
        ) : (
          'Nothing known was found. That proves nothing: what is hidden has another name.'
        )}
      </p>
    )}
  </>
)

/** A change is seen when somebody looks: it came between the look before and this one. */
const Change = ({
  change: { t, block, from = 'nothing', to = 'nothing' },
}: {
  readonly change: NonNullable<Found['replaced']>[number]
}) => (
  <>
    <dt>Replaced</dt>
    <dd>
      before block {block}, {moment(t)} UTC: <span class="mono">{from}</span> by <span class="mono">{to}</span>
    </dd>
  </>
)

const Code = ({ code: { address, via, size, compiler, selectors, complete } }: { readonly code: ContractCode }) => (
  <>
    <dt>{via === undefined ? 'Code' : 'Leads to'}</dt>
    <dd>
      {via && <span class="mono">{address}, </span>}
      {via && `${CODE_VIA[via]}: `}
      {size} bytes, {compiler ?? 'compiler unknown'}, {selectors.length} functions{complete ? '' : ' or more'}
    </dd>
  </>
)
