import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** A certificate chain and its private key, as PEM. */
export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Reads two PEM files. Throws with their names if one cannot be read or the two are not a certificate and its key. */
export const readKeyPair = (files: { readonly cert: string; readonly key: string }): KeyPair => {
  const pair = { cert: read(files.cert), key: read(files.key) }
  try {
    createSecureContext(pair)
  } catch (error) {
    throw new Error(`${files.cert} and ${files.key}: expected a certificate and its private key in PEM (${(error as Error).message})`)
  }
  return pair
}

const read = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new Error(`${file}: expected a readable file (${(error as NodeJS.ErrnoException).code})`)
  }
}
