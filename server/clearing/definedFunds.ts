import type { Logger } from 'pino'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import { checked } from '../../streams/wire/explain.ts'
import { fundContradiction } from '../config/checks.ts'
import { type FundConfig, fundSchema } from '../config/fundSchema.ts'
import { fundSpec } from '../config/fundSpecs.ts'
import type { Config } from '../config/schema.ts'
import { logError } from '../lib/errorEvents.ts'
import type { KnownFund } from './port.ts'

/** Reads a fund that is defined at run time, in the form of the configuration. Throws ProtocolError: where, found, expected. */
export const readFund = (definition: unknown, config: Config): { readonly config: FundConfig; readonly spec: FundSpec } => {
  const fund = checked(fundSchema, definition, 'body')
  const wrong = fundContradiction(fund, config, 'body')
  if (wrong !== undefined) throw new ProtocolError('invalid_params', wrong)
  return { config: fund, spec: fundSpec(fund, config) }
}

/** Returns the funds that were defined at run time before this start. One that no longer fits the configuration is logged and left out. */
export const definedFunds = (known: readonly KnownFund[], config: Config, log: Logger): FundSpec[] =>
  known.flatMap(({ id, definition }) => {
    if (definition === undefined || config.funds.some(fund => fund.id === id)) return []
    try {
      return [readFund(definition, config).spec]
    } catch (error) {
      logError(log, 'fund_not_shown', { fund: id, why: (error as Error).message })
      return []
    }
  })
