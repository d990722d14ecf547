import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** Certificate chain and private key, PEM. */
export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Throws with the file's name where one cannot be read, or where the two do not make a certificate and its key. */
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
