import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { PoolQuote } from '../../../../../streams/wire/answers/pools.ts'
import { rawOf, wholeOf } from '../../format/decimal.ts'
import { ABSENT, amount, fixed, percent } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { post, Refused } from '../../live/http.ts'
import { placesFor } from '../overviewColumns.ts'
import { turned, type Way } from './way.ts'

type Side = 0 | 1

/** An amount so small that every pool can take it: the answer says which tokens there are. */
const PROBE = '1000000'
const SIDES = [0, 1] as const

/** What a swap would do now, by the contract's arithmetic. Amounts are in whole tokens if their decimals are known, else raw. */
export const SwapQuote = ({ id, way }: { readonly id: string; readonly way: Way }) => {
  const path = `/v1/pools/${encodeURIComponent(id)}/quote`
  const tokens = useSignal<PoolQuote['tokens']>(undefined)
  const token = useSignal<Side>(0)
  const what = useSignal<'amountIn' | 'amountOut'>('amountIn')
  const text = useSignal('')
  const answer = useSignal<PoolQuote | string | undefined>(undefined)
  useEffect(() => {
    post<PoolQuote>(path, { token: 0, amountIn: PROBE }).then(
      found => {
        tokens.value = found.tokens
      },
      () => {}, // then amounts are raw
    )
  }, [path])
  const nameOf = (side: Side): string => tokens.value?.[side]?.symbol ?? `token${side}`
  const raw = rawOf(text.value, tokens.value?.[token.value]?.decimals ?? 0)
  const ask = async (): Promise<void> => {
    try {
      answer.value = await post<PoolQuote>(path, { token: token.value, [what.value]: raw })
    } catch (error) {
      answer.value = error instanceof Refused ? `${error.code}: ${error.message}` : String(error)
    }
  }
  return (
    <section class="card">
      <h2>
        Swap quote<span class="note"> · by the arithmetic of the contract; nothing is changed</span>
      </h2>
      <form
        class="fields"
        onSubmit={event => {
          event.preventDefault()
          if (raw !== undefined) void ask()
        }}
      >
        <label class="field">
          The amount is
          <select value={what.value} onChange={event => (what.value = event.currentTarget.value as 'amountIn' | 'amountOut')}>
            <option value="amountIn">paid in</option>
            <option value="amountOut">taken out</option>
          </select>
        </label>
        <label class="field">
          Token
          <select value={String(token.value)} onChange={event => (token.value = Number(event.currentTarget.value) as Side)}>
            {SIDES.map(side => (
              <option key={side} value={side}>
                {nameOf(side)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          {tokens.value ? 'Amount' : 'Amount, raw'}
          <input
            inputMode="decimal"
            autocomplete="off"
            value={text.value}
            aria-invalid={text.value !== '' && raw === undefined}
            onInput={event => (text.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={raw === undefined}>
          Quote
        </button>
      </form>
      {typeof answer.value === 'string' && (
        <p class="refusal" role="alert">
          {answer.value}
        </p>
      )}
      {typeof answer.value === 'object' && <Outcome id={id} way={way} quote={answer.value} nameOf={nameOf} />}
    </section>
  )
}

interface OutcomeProps {
  readonly id: string
  readonly way: Way
  readonly quote: PoolQuote
  readonly nameOf: (side: Side) => string
}

const Outcome = ({ id, way, quote, nameOf }: OutcomeProps) => {
  const { in: paid, amountIn, amountOut, fee, feeToken, priceImpact, price, priceAfter, ticksCrossed, tokens, t, block, stale } = quote
  const taken: Side = paid === 0 ? 1 : 0
  const shown = (value: string, side: Side): string => `${amount(wholeOf(value, tokens?.[side]?.decimals ?? 0), 18)} ${nameOf(side)}`
  const priced = (value: number | undefined): string => {
    const seen = turned(value, way)
    return seen === undefined ? ABSENT : fixed(seen, placesFor(`${id} ${way}`, seen) + 2)
  }
  return (
    <div role="status">
      <dl class="facts">
        <dt>Paid in</dt>
        <dd title={`${amountIn} raw`}>{shown(amountIn, paid)}</dd>
        <dt>Taken out</dt>
        <dd title={`${amountOut} raw`}>{shown(amountOut, taken)}</dd>
        <dt>Fee in it</dt>
        <dd title={`${fee} raw`}>{shown(fee, feeToken)}</dd>
        <dt>Price impact</dt>
        <dd>{percent(priceImpact, 4)}</dd>
        <dt>Price paid</dt>
        <dd>{priced(price)}</dd>
        <dt>Price after it</dt>
        <dd>{priced(priceAfter)}</dd>
        {ticksCrossed !== undefined && (
          <>
            <dt>Ticks crossed</dt>
            <dd>{ticksCrossed}</dd>
          </>
        )}
      </dl>
      <p class="note">
        as of {moment(t)} UTC{block !== undefined && `, block ${block}`}
        {stale && <span class="mark">stale</span>}
      </p>
    </div>
  )
}
