import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drained } from '../test/feedKit.ts'
import { type Block, blocksOf, decoded } from './blocks.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blocks-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const blocks = (content: string | Buffer): Promise<Block[]> => {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  return drained(blocksOf(path))
}

const linesOf = (all: Block[]): string[] => all.flatMap(({ lines }) => lines)

it('gives every line once, whatever its characters and length, packed or not', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }).map(text => text.replace(/[\r\n]/g, '')),
    fc.integer({ min: 1, max: 300_000 }).map(n => '€'.repeat(n)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      fc.constantFrom('\n', '\r\n'),
      async (lines, packed, end) => {
        const content = Buffer.from(lines.map(text => `${text}x${end}`).join(''))
        expect(linesOf(await blocks(packed ? gzipSync(content, { level: 1 }) : content))).toEqual(lines.map(text => `${text}x`))
      },
    ),
    { numRuns: 40 },
  )
})

it('ends blocks by their content only, and numbers their lines through', async () => {
  const content = Array.from({ length: 10_000 }, (_, i) => `line ${i + 1}`).join('\n')
  const plain = await blocks(content)
  expect(plain).toEqual(await blocks(gzipSync(content)))
  expect(plain.length).toBeGreaterThan(2)
  for (const { first, lines } of plain) expect(lines[0]).toBe(`line ${first}`)
  expect(plain.at(-1)!.lines.at(-1)).toBe('line 10000')
})

it('gives what there is of a file whose compression breaks off, and then a line that nobody can read', async () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i + 1} ${Math.sin(i)}`)
  const packed = gzipSync(lines.join('\n'))
  const cut = await blocks(packed.subarray(0, packed.length / 2))
  const got = linesOf(cut)
  expect(cut.at(-1)!.broken).toMatch(/unexpected end of file/)
  expect(got.at(-1)).toBe('\0')
  expect(got.length).toBeGreaterThan(10_000)
  expect(got.slice(0, -1)).toEqual(lines.slice(0, got.length - 1))
})

it('puts a line that nobody can read in the place of one longer than 32 MiB, in bounded memory', async () => {
  const long = Buffer.alloc(40 * 1024 * 1024, 'x')
  expect(linesOf(await blocks(Buffer.concat([Buffer.from('before\n'), long, Buffer.from('\nbehind')])))).toEqual(['before', '\0', 'behind'])
})

it.each([
  ['CR alone', (lines: string[]) => Buffer.from(lines.join('\r'))],
  ['CR alone, also at the end', (lines: string[]) => Buffer.from(lines.map(line => `${line}\r`).join(''))],
  ['CR and LF', (lines: string[]) => Buffer.from(lines.join('\r\n'))],
  ['UTF-8 with a byte order mark', (lines: string[]) => Buffer.from(`\uFEFF${lines.join('\n')}`)],
  ['UTF-16, little end first', (lines: string[]) => Buffer.from(`\uFEFF${lines.join('\r\n')}`, 'utf16le')],
  ['UTF-16, big end first', (lines: string[]) => Buffer.from(`\uFEFF${lines.join('\n')}`, 'utf16le').swap16()],
  ['UTF-16 without a byte order mark', (lines: string[]) => Buffer.from(lines.join('\n'), 'utf16le')],
])('reads a file in %s', async (_, written) => {
  const lines = ['first', 'zwölf €', '', ...Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 40)}`)]
  expect(linesOf(await blocks(written(lines)))).toEqual(lines)
})

it('throws where nothing can be read', async () => {
  await expect(drained(blocksOf(join(folder, 'nowhere')))).rejects.toThrow('ENOENT')
  await expect(drained(blocksOf(folder))).rejects.toThrow('EISDIR')
  await expect(blocks(Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))).rejects.toThrow(/compression method/)
})

it('puts a mark that nobody can read in the place of a line that is not UTF-8, and leaves the others as they are', async () => {
  const content = Buffer.concat([Buffer.from('a,Zürich,\ufffd\nb,'), Buffer.from('Zürich', 'latin1'), Buffer.from('\nc,Zürich')])
  expect(linesOf(await blocks(content))).toEqual(['\0', '\0', 'c,Zürich'])
  expect(linesOf(await blocks('a,\ufffd\nb'))).toEqual(['a,\ufffd', 'b'])
  expect(linesOf(await blocks(Buffer.from('a\nZürich', 'latin1')))).toEqual(['a', '\0'])
})

it.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('names the first line that is not UTF-8, of lines that end by %s', (_, end) => {
  const text = ['t,note', 'one', 'Zürich', 'Köln'].join(end)
  expect(decoded(Buffer.from(text))).toBe(text)
  expect(decoded(Buffer.from(`\ufeff${text}`, 'utf16le'))).toBe(text)
  expect(() => decoded(Buffer.from(text, 'latin1'))).toThrow('line 3: found bytes that are not UTF-8, expected text in UTF-8 or UTF-16')
})
