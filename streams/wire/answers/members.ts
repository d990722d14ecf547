import { z } from 'zod'
import type { Kind } from '../channels.ts'
import { STATES } from './states.ts'

/** Returns the form of a member; undefined if values of this form have no such member. */
const memberOf = (form: z.ZodType, key: string): z.ZodType | undefined => {
  if (form instanceof z.ZodObject) return Object.hasOwn(form.shape, key) ? (form.shape[key] as z.ZodType) : undefined
  // A map: of assets, of trades.
  return form instanceof z.ZodRecord && key !== '' ? (form.valueType as z.ZodType) : undefined
}

const leads = (form: z.ZodType, path: string): boolean => {
  if (form instanceof z.ZodOptional) return leads(form.unwrap() as z.ZodType, path)
  if (form instanceof z.ZodUnion) return form.options.some(option => leads(option as z.ZodType, path))
  if (memberOf(form, path) !== undefined) return true
  // A key may hold dots itself, as names of assets do.
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const branch = memberOf(form, path.slice(0, dot))
    if (branch !== undefined && leads(branch, path.slice(dot + 1))) return true
  }
  return false
}

/** Returns whether states of this kind can have a member at a path such as `inav.mid` or `weights.BTC`. */
export const canHave = (kind: Kind, path: string): boolean => leads(STATES[kind], path)
