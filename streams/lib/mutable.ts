/** A readonly shape while its owner still writes to it. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }
