import { type ReadonlySignal, type Signal, useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { FundState, HoldingsState, Order, Quote } from '../../../../driftwire-client/src/index.ts'
import { isMultiple } from '../../format/decimal.ts'
import { amount, fixed } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { type Shown, useChannel } from '../../live/channels.ts'
import type { RequestError } from '../../live/line.ts'
import { order, quote, type Wish } from '../../live/orders.ts'
import { session } from '../../live/session.ts'
import { Legs } from './legs.tsx'
import type { FundTerms } from './terms.ts'

/** ms between two quotes of an order that is being written. */
const QUOTE_MS = 2_000

/** Where the user is on the way to an order. */
type Step =
  | { readonly at: 'edit' }
  | { readonly at: 'confirm'; readonly wish: Wish }
  | { readonly at: 'sent'; readonly wish: Wish }
  | { readonly at: 'done'; readonly order: Order }
  | { readonly at: 'refused'; readonly error: RequestError; readonly wish: Wish }

interface Quoted {
  readonly order: Quote | undefined
  readonly error: RequestError | undefined
}

/** Returns what the order would take and give, asked again while it is written. */
const useQuote = (wish: Wish | undefined): ReadonlySignal<Quoted> => {
  const quoted = useSignal<Quoted>({ order: undefined, error: undefined })
  const key = JSON.stringify(wish)
  useEffect(() => {
    quoted.value = { order: undefined, error: undefined }
    if (!wish) return
    let live = true
    const look = (): void => {
      quote(wish).then(
        answer => {
          if (live) quoted.value = { order: answer, error: undefined }
        },
        (error: RequestError) => {
          if (live) quoted.value = { order: undefined, error }
        },
      )
    }
    const first = setTimeout(look, 200)
    const timer = setInterval(look, QUOTE_MS)
    return () => {
      live = false
      clearTimeout(first)
      clearInterval(timer)
    }
  }, [key])
  return quoted
}

interface CardProps {
  readonly fund: string
  readonly shown: ReadonlySignal<Shown<FundState> | undefined>
  readonly terms: ReadonlySignal<FundTerms>
}

/** Creation and redemption of a fund's shares: quote, confirmation, result. */
export const OrderCard = ({ fund, shown, terms }: CardProps) => {
  const step = useSignal<Step>({ at: 'edit' })
  const signedIn = session.value !== undefined && !session.value.admin
  return (
    <section class="card" aria-label="Create and redeem">
      <h2>Create and redeem</h2>
      {!signedIn ? (
        <p class="lead">
          {session.value?.admin ? 'Operators order nothing.' : 'Shares are created and redeemed in kind by clients.'}{' '}
          <a href={`/sign-in?to=/funds/${encodeURIComponent(fund)}`}>Sign in</a>
        </p>
      ) : (
        <Steps fund={fund} step={step} shown={shown} terms={terms} />
      )}
    </section>
  )
}

const Steps = ({ fund, step, shown, terms }: CardProps & { readonly step: Signal<Step> }) => {
  const holdings = useChannel('holdings')
  const now = step.value
  const back = (): void => {
    step.value = { at: 'edit' }
  }
  if (now.at === 'done') return <Done order={now.order} back={back} />
  return <Form fund={fund} step={step} shown={shown} terms={terms} holdings={useComputed(() => holdings.value?.state)} />
}

interface FormProps extends CardProps {
  readonly step: Signal<Step>
  readonly holdings: ReadonlySignal<HoldingsState | undefined>
}

const Form = ({ fund, step, shown, terms, holdings }: FormProps) => {
  const side = useSignal<'create' | 'redeem'>('create')
  const written = useSignal<string | undefined>(undefined)
  const unit = terms.value.creationUnit
  const shares = (written.value ?? unit ?? '').trim()
  const fits = unit === undefined ? /^\d+(\.\d+)?$/.test(shares) : isMultiple(shares, unit)
  const now = step.value
  const wish: Wish | undefined =
    now.at === 'confirm' || now.at === 'sent' ? now.wish : fits ? { side: side.value, fund, amount: shares } : undefined
  const quoted = useQuote(wish)
  const send = (sent: Wish): void => {
    step.value = { at: 'sent', wish: sent }
    order(sent).then(
      answer => {
        step.value = { at: 'done', order: answer }
      },
      (error: RequestError) => {
        step.value = { at: 'refused', error, wish: sent }
      },
    )
  }
  const held = holdings.value?.shares?.[fund]
  return (
    <form
      class="order"
      onSubmit={event => {
        event.preventDefault()
        if (now.at === 'confirm') send(now.wish)
        else if (wish && now.at !== 'sent') step.value = { at: 'confirm', wish }
      }}
    >
      {now.at === 'edit' || now.at === 'refused' ? (
        <div class="fields">
          <fieldset class="choices">
            <legend class="hidden">Side</legend>
            {(['create', 'redeem'] as const).map(value => (
              <label key={value} class={side.value === value ? 'chosen' : ''}>
                <input type="radio" name="side" checked={side.value === value} onChange={() => (side.value = value)} />
                {value === 'create' ? 'Create' : 'Redeem'}
              </label>
            ))}
          </fieldset>
          <label class="field">
            Shares
            <input
              inputMode="decimal"
              autocomplete="off"
              value={shares}
              aria-invalid={!fits}
              aria-describedby="order-unit"
              onInput={event => (written.value = event.currentTarget.value)}
            />
          </label>
          <p class="note" id="order-unit">
            {unit !== undefined && `whole multiples of ${amount(unit)}`}
            {` · you hold ${held === undefined ? (holdings.value ? '0' : '—') : amount(held)}`}
          </p>
        </div>
      ) : now.at === 'done' ? null : (
        <p class="lead">
          <strong>
            {now.wish.side === 'create' ? 'Create' : 'Redeem'} {amount(now.wish.amount)} shares of {fund}
          </strong>
        </p>
      )}
      {now.at === 'refused' && <Refused error={now.error} />}
      <Legs quoted={quoted} side={wish?.side ?? side.value} holdings={holdings} shown={shown} shares={wish?.amount} />
      <Buttons step={step} ready={quoted.value.order !== undefined} />
    </form>
  )
}

const Buttons = ({ step, ready }: { readonly step: Signal<Step>; readonly ready: boolean }) => {
  const now = step.value
  if (now.at === 'sent') return <p role="status">Sent. The answer comes when the order is on disk.</p>
  if (now.at !== 'confirm')
    return (
      <button type="submit" class="primary" disabled={!ready}>
        Review
      </button>
    )
  return (
    <div class="tools">
      <button type="submit" class="primary">
        Confirm: {now.wish.side} {amount(now.wish.amount)} shares
      </button>
      <button type="button" class="tool" onClick={() => (step.value = { at: 'edit' })}>
        Back
      </button>
    </div>
  )
}

const Refused = ({ error }: { readonly error: RequestError }) => {
  const shortfall = (error.order as Order | undefined)?.shortfall
  return (
    <p class="refusal" role="alert">
      <strong>Refused: {error.code}.</strong> {error.message}
      {shortfall && ` ${shortfall.asset}: ${amount(shortfall.needed)} needed, ${amount(shortfall.held)} held.`}
    </p>
  )
}

const Done = ({ order, back }: { readonly order: Order; readonly back: () => void }) => (
  <div class="result" role="status">
    <p class="lead">
      <strong>
        {order.status === 'settled' ? 'Settled' : order.status}: {order.side} {amount(order.amount)} shares of {order.fund}
      </strong>
    </p>
    <dl class="facts">
      <dt>Entry</dt>
      <dd>{fixed(order.seq, 0)}</dd>
      <dt>At</dt>
      <dd>{order.t === undefined ? '—' : `${moment(order.t, true)} UTC`}</dd>
      <dt>Key</dt>
      <dd class="mono">{order.key}</dd>
      {order.fee && (
        <>
          <dt>Fee</dt>
          <dd>
            {amount(order.fee.amount)} {order.fee.asset}
          </dd>
        </>
      )}
    </dl>
    <div class="tools">
      <button type="button" class="primary" onClick={back}>
        Another order
      </button>
      <a class="tool" href="/orders">
        All orders
      </a>
    </div>
  </div>
)
