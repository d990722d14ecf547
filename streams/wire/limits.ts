/**
 * An amount somebody owns stays below this: 10³⁰ at 18 decimals. Nobody owns that much; it keeps sums and products within what every
 * column can hold.
 */
export const AMOUNT_MAX = 10n ** 48n

/** Characters of an amount's text. */
export const AMOUNT_TEXT_MAX = 100

/** The form of a key or a row's id: a client's own name for what it asks for. */
export const KEY = /^[\x20-\x7e]{1,128}$/

/** KEY in words. */
export const KEY_FORM = '1 to 128 printable ASCII characters'

/** Channels that one request names. */
export const CHANNELS_PER_REQUEST_MAX = 10_000

/** Rows of a portfolio in one request. */
export const ROWS_PER_REQUEST_MAX = 10_000

/** Assets whose supplies come in one request. */
export const SUPPLIES_PER_REQUEST_MAX = 10_000

/** Events of assets in one request. */
export const EVENTS_PER_REQUEST_MAX = 1_000
/** The largest `change` of a condition: a thousand times what the figure was. */
export const CHANGE_MAX = 1_000

/** Members of a state that one request names. */
export const FIELDS_PER_REQUEST_MAX = 100
