import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Artifact, readArtifact } from '../../streams/analytics/artifact.ts'
import { formText } from '../../streams/analytics/models/modelForm.ts'

/** Files of trained models in one directory, each named by the digest of its content: a version never changes. */

const NAME = /^[0-9a-f]{64}\.json$/
const ASIDE = '.part'
/** ms after which a file that was written aside is left over: another training may be writing its own now. */
const LEFT_OVER_MS = 60_000

/** Returns the version of a text: the SHA-256 of its bytes, in hex. */
export const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Writes an artifact into a directory, which it makes, and returns its version. It is written aside and renamed when it is on disk, so a kill leaves
 * no half model; what an earlier kill left aside is deleted after a minute.
 */
export const keepModel = (directory: string, artifact: Artifact): string => {
  const text = formText(artifact)
  const version = versionOf(text)
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(directory)) if (name.endsWith(ASIDE)) removeLeftOver(join(directory, name))
  const aside = join(directory, `${version}.${process.pid}${ASIDE}`)
  const file = openSync(aside, 'w')
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(aside, join(directory, `${version}.json`))
  syncDirectory(directory)
  return version
}

const removeLeftOver = (file: string): void => {
  const written = statSync(file, { throwIfNoEntry: false })
  if (written !== undefined && Date.now() - written.mtimeMs > LEFT_OVER_MS) rmSync(file, { force: true })
}

const syncDirectory = (directory: string): void => {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Returns the versions in a directory, in no order that means anything. */
export const keptModels = (directory: string): string[] =>
  readdirSync(directory)
    .filter(name => NAME.test(name))
    .map(name => name.slice(0, -'.json'.length))

/** Returns a version. Throws an Error, `FILE: found X, expected Y`, if its content is not what its name says, or not of the form. */
export const keptModel = (directory: string, version: string): Artifact => {
  const file = join(directory, `${version}.json`)
  const text = readFileSync(file, 'utf8')
  const found = versionOf(text)
  if (found !== version) throw new Error(`${file}: found content of the digest ${found}, expected that of its name`)
  return readArtifact(JSON.parse(text), file)
}
