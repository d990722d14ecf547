import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Lines of a file that follow each other. */
export interface Block {
  /** The number of the first of them; a file begins with line 1. */
  readonly first: number
  readonly lines: readonly string[]
  /** The reason if the file breaks off in the last of them: a recording cut off in the middle of its compression. */
  readonly broken?: string
}

const CHUNK = 256 * 1024
/** A block ends with the line that fills either. Both are counted in the content, so the same content gives the same blocks. */
const LINES = 4_096
const CHARACTERS = 4 * 1024 * 1024
/** A longer line (bytes) is none that anybody wrote on purpose. */
const LONGEST = 32 * 1024 * 1024
/** Stands in the place of a line that is too long, broken off or not in UTF-8: no reader can read it. */
const UNREADABLE = '\0'

const GZIP = Buffer.from([0x1f, 0x8b])
const LF = 10
const CR = 13

/** Opens the content of a file, unpacked if it begins as gzip does. */
export const contentOf = async (path: string): Promise<Readable> => {
  const file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0).finally(() => file.close())
  const raw = createReadStream(path, { highWaterMark: CHUNK })
  if (bytesRead < GZIP.length || !buffer.equals(GZIP)) return raw
  const unpacked = createGunzip({ chunkSize: CHUNK })
  // Errors of either end surface at the reader of the unpacked content.
  pipeline(raw, unpacked, () => undefined)
  return unpacked
}

/** Yields the lines of a file, in blocks. Throws if nothing of it can be read. */
export const blocksOf = async function* (path: string): AsyncGenerator<Block> {
  let first = 1
  let lines: string[] = []
  let characters = 0
  const block = (): Block => {
    const full = { first, lines }
    first += lines.length
    lines = []
    characters = 0
    return full
  }
  let began = false
  try {
    for await (const some of linesOf(await contentOf(path))) {
      began = true
      for (const line of some) {
        lines.push(line)
        characters += line.length
        if (lines.length === LINES || characters >= CHARACTERS) yield block()
      }
    }
  } catch (error) {
    if (!began) throw error
    lines.push(UNREADABLE)
    yield { ...block(), broken: (error as Error).message }
    return
  }
  if (lines.length > 0) yield block()
}

/** The encoding of a content that begins with these bytes, by its byte order mark or, without one, by the zeros in its first characters. */
const encodingOf = (begin: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' => {
  const [a, b, c, d] = begin
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le'
  return a === 0 && b !== 0 && c === 0 && d !== 0 ? 'utf-16be' : 'utf-8'
}

/** Says that bytes are no text in an encoding that is read, and in which line. */
export class EncodingError extends Error {}

/** Returns bytes as text: UTF-8, or UTF-16 if they begin as such. A byte order mark is left out. Throws EncodingError for any other encoding. */
export const decoded = (bytes: Buffer): string => {
  const encoding = encodingOf(bytes)
  if (encoding === 'utf-8' && !isUtf8(bytes))
    throw new EncodingError(`line ${otherLine(bytes)}: found bytes that are not UTF-8, expected text in UTF-8 or UTF-16`)
  return new TextDecoder(encoding).decode(bytes)
}

/** Returns the number of the first line that is not UTF-8. */
const otherLine = (bytes: Buffer): number => {
  const lineEnd = lineEndIn(bytes) ?? LF
  let line = 1
  let from = 0
  let to = bytes.indexOf(lineEnd)
  while (to >= 0 && isUtf8(bytes.subarray(from, to))) {
    line += 1
    from = to + 1
    to = bytes.indexOf(lineEnd, from)
  }
  return line
}

/** Yields a content in UTF-8, without a byte order mark. */
const inUtf8 = async function* (content: Readable): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | undefined
  let begun = false
  for await (const chunk of content as AsyncIterable<Buffer>) {
    if (!begun) {
      begun = true
      const encoding = encodingOf(chunk)
      if (encoding !== 'utf-8') decoder = new TextDecoder(encoding)
      else if (chunk.subarray(0, 3).equals(UTF8_MARK)) {
        yield chunk.subarray(3)
        continue
      }
    }
    yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }))
  }
}

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Returns the byte that ends lines, by the first of them: LF, or CR if another character follows it; undefined if there is none yet. */
const lineEndIn = (chunk: Buffer): number | undefined => {
  const cr = chunk.indexOf(CR)
  if (chunk.indexOf(LF) >= 0) return LF
  return cr >= 0 && cr < chunk.length - 1 ? CR : undefined
}

/** What the decoder puts in place of bytes that are not UTF-8. */
const REPLACED = '\ufffd'

/** Whether nothing of these bytes was replaced when they became this text. */
const isText = (text: string, bytes: Buffer): boolean => !text.includes(REPLACED) || isUtf8(bytes)

/** Cuts at line ends in the bytes, so that no character is ever cut in two. */
const linesOf = async function* (content: Readable): AsyncGenerator<string[]> {
  let rest: Buffer[] = []
  let size = 0
  let overlong = false
  let lineEnd: number | undefined
  for await (const chunk of inUtf8(content)) {
    lineEnd ??= lineEndIn(chunk)
    const end = lineEnd === undefined ? -1 : chunk.lastIndexOf(lineEnd)
    if (end < 0) {
      rest.push(chunk)
      size += chunk.length
    } else {
      rest.push(chunk.subarray(0, end + 1))
      const bytes = Buffer.concat(rest)
      const text = bytes.toString('utf8')
      const lines = lineEnd === CR ? text.split('\r') : text.includes('\r') ? text.split(/\r?\n/) : text.split('\n')
      lines.pop() // behind the last line end
      if (overlong) lines[0] = UNREADABLE
      overlong = false
      yield isText(text, bytes) ? lines : lines.map(line => (line.includes(REPLACED) ? UNREADABLE : line))
      rest = [chunk.subarray(end + 1)]
      size = rest[0]!.length
    }
    if (size > LONGEST) {
      overlong = true
      rest = []
      size = 0
    }
  }
  if (overlong) yield [UNREADABLE]
  else if (size > 0) {
    const bytes = Buffer.concat(rest)
    const text = bytes.toString('utf8').replace(/\r$/, '')
    // Without any LF there were only CRs, each the last of its chunk until now.
    const lines = lineEnd === undefined ? text.split('\r') : [text]
    yield isText(text, bytes) ? lines : lines.map(line => (line.includes(REPLACED) ? UNREADABLE : line))
  }
}
