import { useSignal } from '@preact/signals'
import { amount, percent } from '../../format/number.ts'
import { post, Refused } from '../../live/http.ts'

/** `POST /v1/pools/{id}/quote`; amounts are raw integers. */
interface QuoteAnswer {
  readonly amountIn: string
  readonly amountOut: string
  readonly fee: string
  readonly priceImpact?: number
  readonly ticksCrossed?: number
  readonly price?: number
}

/** What a swap would give now. */
export const SwapQuote = ({ id }: { readonly id: string }) => {
  const token = useSignal<'0' | '1'>('0')
  const raw = useSignal('')
  const answer = useSignal<QuoteAnswer | string | undefined>(undefined)
  const fits = /^[1-9]\d{0,77}$/.test(raw.value.trim())
  const ask = async (): Promise<void> => {
    try {
      answer.value = await post<QuoteAnswer>(`/v1/pools/${encodeURIComponent(id)}/quote`, {
        token: Number(token.value),
        amountIn: raw.value.trim(),
      })
    } catch (error) {
      answer.value = error instanceof Refused ? `${error.code}: ${error.message}` : String(error)
    }
  }
  const now = answer.value
  return (
    <section class="card">
      <h2>Swap quote</h2>
      <form
        class="fields"
        onSubmit={event => {
          event.preventDefault()
          if (fits) void ask()
        }}
      >
        <label class="field">
          Token in
          <select value={token.value} onChange={event => (token.value = event.currentTarget.value as '0' | '1')}>
            <option value="0">token0</option>
            <option value="1">token1</option>
          </select>
        </label>
        <label class="field">
          Amount in, raw
          <input
            inputMode="numeric"
            autocomplete="off"
            value={raw.value}
            aria-invalid={raw.value !== '' && !fits}
            onInput={event => (raw.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={!fits}>
          Quote
        </button>
      </form>
      {typeof now === 'string' && (
        <p class="refusal" role="alert">
          {now}
        </p>
      )}
      {typeof now === 'object' && (
        <dl class="facts">
          <dt>Amount out, raw</dt>
          <dd>{amount(now.amountOut)}</dd>
          <dt>Fee, raw</dt>
          <dd>{amount(now.fee)}</dd>
          <dt>Price impact</dt>
          <dd>{percent(now.priceImpact, 4)}</dd>
          {now.ticksCrossed !== undefined && (
            <>
              <dt>Ticks crossed</dt>
              <dd>{now.ticksCrossed}</dd>
            </>
          )}
        </dl>
      )}
    </section>
  )
}
