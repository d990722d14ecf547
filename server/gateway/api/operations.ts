import type { z } from 'zod'
import type { FundSpec } from '../../../streams/fund/spec.ts'
import type { Clients } from '../../../streams/wire/answers/clearing.ts'
import type { FUNDING } from '../../../streams/wire/requests.ts'
import type { GatewayPort } from '../../clearing/gatewayPort.ts'
import type { FundConfig } from '../../config/fundSchema.ts'
import { termsOf } from '../../config/fundTerms.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { authorOf, execute } from './execute.ts'

/** What operators' commands need. */
export interface OperationsOptions {
  readonly clearing: GatewayPort
  readonly access: Access
  /** Clients may define funds, too. */
  readonly clientsDefine: boolean
  /** Reads a fund that is defined at run time. Throws a ProtocolError if it does not fit together. */
  readonly readFund: (definition: unknown) => { readonly config: FundConfig; readonly spec: FundSpec }
  /** Called when a fund of this owner ('' for an operator) has been defined. */
  readonly defined: (spec: FundSpec, owner: string) => void
}

/** What operators have the clearing house do. Each method asks whether `who` may. */
export class Operations {
  private readonly options: OperationsOptions

  constructor(options: OperationsOptions) {
    this.options = options
  }

  /** Books what came to a client's account or left it. Returns the entry as JSON text; rejects with the ProtocolError that says why not. */
  async fundAccount(
    who: Principal,
    kind: 'deposit' | 'withdrawal',
    { username, asset, amount, key }: z.output<typeof FUNDING>,
  ): Promise<string> {
    authorize(this.options.access, who, { operate: 'deposits' })
    return execute(this.options.clearing, { kind, client: username, asset, amount, key }, authorOf(who))
  }

  /** Defines a fund: the right of operators, and of clients if the configuration says so. Returns its id. */
  async define(who: Principal, definition: unknown): Promise<{ readonly id: string }> {
    const { access, clearing, clientsDefine, readFund, defined } = this.options
    if (!(clientsDefine && who.user !== '')) authorize(access, who, { operate: 'funds' })
    const { config, spec } = readFund(definition)
    const { id, ...rest } = config
    const command = { kind: 'define', fund: id, terms: termsOf(config, spec.quote), definition: { id, ...rest } as never } as const
    await execute(clearing, command, authorOf(who))
    defined(spec, who.user)
    return { id }
  }

  /** Halts a fund, or resumes it: a halted fund takes no orders. */
  async halt(who: Principal, fund: string, halted: boolean): Promise<{ readonly fund: string; readonly halted: boolean }> {
    authorize(this.options.access, who, { operate: 'funds' })
    await execute(this.options.clearing, { kind: halted ? 'halt' : 'resume', fund }, authorOf(who))
    return { fund, halted }
  }

  /** Returns clients after a name, by name, with what they own, and the name to go on from if there may be more. */
  async clients(who: Principal, after: string, limit: number): Promise<Clients> {
    authorize(this.options.access, who, { operate: 'deposits' })
    const clients = await this.options.clearing.clients({ after, limit })
    return { clients, ...(clients.length === limit && { next: clients.at(-1)!.username }) }
  }

  /** Returns entries of the journal after a number, oldest first, with the number to go on from if there may be more. */
  async audit(who: Principal, after: number, limit: number): Promise<object> {
    authorize(this.options.access, who, { operate: 'audit' })
    const lines = await this.options.clearing.page({ after, limit })
    const entries = lines.map(({ text, hash }) => ({ ...(JSON.parse(text) as object), hash }))
    return { entries, ...(lines.length === limit && { next: lines.at(-1)!.seq }) }
  }
}
