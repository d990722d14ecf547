/** A readonly shape, writable for its owner. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }
