/** The form of ids, assets and user names: letters, digits, `.`, `_` and `-`, at most 64 long, a letter or a digit first. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** NAME in words. */
export const NAME_FORM = 'a name of letters, digits, ".", "_" and "-", at most 64 long'

const SYMBOL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}-[A-Za-z0-9][A-Za-z0-9._]{0,31}$/

/** An asset in itself: it has no price but one. */
const ITSELF = /^(.+)-\1(?:-PERP)?$/

/** Returns whether a name has the form of a canonical symbol: `BTC-USD`, of a perpetual `BTC-USDT-PERP`. No asset is quoted in itself. */
export const isSymbol = (name: string): boolean => SYMBOL.test(name) && !ITSELF.test(name)
