import type { Context } from 'hono'
import type { z } from 'zod'
import type { ErrorCode } from '../../../streams/wire/errors.ts'
import type { Scope } from '../../../streams/wire/scopes.ts'
import type { Callers } from '../../identity/access.ts'
import type { Env } from './env.ts'

/** Parameters of a path, by name. */
export type PathParameters = Readonly<Record<string, string>>

/** Whose route it is. */
export type Who =
  /** Everybody's, or clients'. */
  | Callers
  /** The admin's alone. */
  | 'admin'
  /** Everybody's whose credentials are right. */
  | 'known'
  /** The command behind it decides: it knows more than the header says. */
  | 'command'
  /** Readers' of this channel; if there is none of that name, nobody's. */
  | { readonly read: (path: PathParameters) => string }
  /** Those who may put rows into this portfolio. */
  | { readonly record: (path: PathParameters) => string }
  /** Operators' with this scope. `orClient`: also clients', if the command behind it lets them. */
  | { readonly operate: Scope; readonly orClient?: true }

/** A parameter as OpenAPI describes it. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description: string
  readonly schema: object
}

/** A good answer in JSON, under the name that the description gives to its form. */
export interface Answer<T extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly schema: T
  /** Other media types that the same can be had as. */
  readonly also: readonly string[]
}

/** The forms of a body by media type; of NDJSON, the form of a line. */
export type Body = Readonly<Record<string, z.ZodType>>

/** What a route reads of a request. */
export interface Takes {
  readonly parameters?: readonly Parameter[]
  readonly body?: Body
}

/** One route: how it is mounted, and how it is described. `S` is what its handler needs of the server. */
export interface Route<S> {
  readonly method: 'get' | 'post'
  /** With parameters such as `:id`. */
  readonly path: string
  readonly summary: string
  /** What the description puts it under. */
  readonly tag?: string
  /** The admin's alone if nobody is named. */
  readonly who?: Who
  /** The query must hold no credentials: it stands in logs and histories. */
  readonly noCredentialsInUrl?: true
  readonly takes?: Takes
  /** Other parameters in the query are ignored: programs made for another server, or probes, may send some. */
  readonly anyQuery?: true
  /** Errors of its own, beside those that any route has that takes what it takes. */
  readonly refuses?: readonly ErrorCode[]
  /** A good answer in JSON, or the media types of one that is no JSON. */
  readonly gives: Answer | readonly string[]
  readonly handler: Handler<S>
}

/** Answers a request that may be answered. Throws a ProtocolError otherwise. */
export type Handler<S> = (c: Context<Env>, services: S) => Response | Promise<Response>

/** The media type of most answers. */
export const JSON_TYPE = 'application/json'

/** Returns an answer under a name. */
export const answer = <T extends z.ZodType>(name: string, schema: T, ...also: readonly string[]): Answer<T> => ({ name, schema, also })

/** Returns the routes under a tag. */
export const tagged = <S>(tag: string, ...lists: readonly (readonly Route<S>[])[]): Route<S>[] =>
  lists.flat().map(route => ({ ...route, tag }))
