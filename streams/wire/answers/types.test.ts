import { expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type { Methods } from '../methods.ts'
import type { METHODS, Method } from '../requests.ts'
import type { StateOf } from '../states.ts'
import type { RESULTS } from './results.ts'
import type { STATES } from './states.ts'

/** A type without what a form in JSON Schema cannot say: whether a member may be written, or may be undefined. */
type Bare<T> = T extends readonly (infer E)[]
  ? Bare<E>[]
  : T extends object
    ? { -readonly [K in keyof T]-?: Bare<Exclude<T[K], undefined>> }
    : T
/** True if each of two types can stand for the other, else the name. */
type Same<A, B, Name> = [A] extends [B] ? ([B] extends [A] ? true : Name) : Name

it('the states that programs see are those that are described, member by member', () => {
  type Described<K extends keyof typeof STATES> = Bare<z.output<(typeof STATES)[K]>>
  expectTypeOf<Same<Described<'tick'>, Bare<StateOf<'tick:A-USD'>>, 'tick'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'trades'>, Bare<StateOf<'trades:A-USD'>>, 'trades'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'candle'>, Bare<StateOf<'candle:1m:A-USD'>>, 'candle'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'pnl'>, Bare<StateOf<'pnl:A'>>, 'pnl'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'fund'>, Bare<StateOf<'fund:A'>>, 'fund'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'pool'>, Bare<StateOf<'pool:A'>>, 'pool'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'rebalances'>, Bare<StateOf<'rebalances:A'>>, 'rebalances'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'metrics'>, Bare<StateOf<'metrics:A'>>, 'metrics'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'score'>, Bare<StateOf<'score:A'>>, 'score'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'models'>, Bare<StateOf<'models'>>, 'models'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'alerts'>, Bare<StateOf<'alerts'>>, 'alerts'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'orders'>, Bare<StateOf<'orders'>>, 'orders'>>().toEqualTypeOf<true>()
  expectTypeOf<Same<Described<'holdings'>, Bare<StateOf<'holdings'>>, 'holdings'>>().toEqualTypeOf<true>()
  expectTypeOf<keyof Described<'status'>>().toEqualTypeOf<keyof StateOf<'status'>>()
  expectTypeOf<Same<Described<'status'>['feeds'], Bare<StateOf<'status'>>['feeds'], 'feeds'>>().toEqualTypeOf<true>()
})

it('the methods that programs call are those that are described', () => {
  expectTypeOf<keyof Methods>().toEqualTypeOf<Method>()
  // What a subscription is answered is narrowed by `error`, and the page of a history by its rows.
  type Compared = Exclude<Method, 'subscribe' | 'history'>
  type Result<M extends Method> = Bare<z.output<(typeof RESULTS)[M]>>
  expectTypeOf<{ [M in Compared]: Same<Bare<Methods[M]['result']>, Result<M>, M> }[Compared]>().toEqualTypeOf<true>()
  type Taking = Exclude<Method, 'holdings' | 'session' | 'ping'>
  type Taken<M extends Method> = keyof z.input<(typeof METHODS)[M]>
  expectTypeOf<{ [M in Taking]: Same<keyof Methods[M]['params'], Taken<M>, M> }[Taking]>().toEqualTypeOf<true>()
})
