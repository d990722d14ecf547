import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { environmentName, OPTIONS } from './options.ts'
import { configJsonSchema } from './schema.ts'

const page = readFileSync(join(packageRoot(), 'docs', 'configuration.md'), 'utf8')

/** The cells of the table rows under a heading of the page, deeper headings included. */
const rowsUnder = (heading: string): string[][] => {
  const level = /^#+/.exec(heading)![0].length
  const lines = page.slice(page.indexOf(`\n${heading}\n`) + 1).split('\n')
  const end = lines.findIndex((line, i) => i > 0 && new RegExp(`^#{1,${level}} `).test(line))
  return lines
    .slice(0, end < 0 ? undefined : end)
    .filter(line => line.startsWith('| `'))
    .map(line =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim()),
    )
}
const unquoted = (cell: string): string => /^`([^`]+)`$/.exec(cell)?.[1] ?? cell

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly default?: unknown
}

/** Path of each key → `required`, its default as JSON, or nothing. Alternatives share their keys; an empty object is no default to write down. */
const keysOf = (schema: Schema, at = '', keys = new Map<string, string>()): Map<string, string> => {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const path = at === '' ? name : `${at}.${name}`
    const filledIn = JSON.stringify(member.default) === '{}' && member.properties !== undefined
    const byDefault = member.default === undefined || filledIn ? '' : JSON.stringify(member.default)
    keys.set(path, schema.required?.includes(name) ? 'required' : byDefault)
    keysOf(member, path, keys)
  }
  if (typeof schema.additionalProperties === 'object') keysOf(schema.additionalProperties, `${at}.*`, keys)
  if (schema.items) keysOf(schema.items, `${at}[]`, keys)
  for (const alternative of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) keysOf(alternative, at, keys)
  return keys
}

describe('docs/configuration.md', () => {
  it('lists every key of the configuration with its default, and no other', () => {
    const listed = rowsUnder('## The configuration file').map(([key, , byDefault]) => [unquoted(key!), unquoted(byDefault!)] as const)
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(keysOf(configJsonSchema() as Schema)))
    expect(new Set(listed.map(([key]) => key)).size).toBe(listed.length)
  })

  it('lists every option of serve with its variable, and no other', () => {
    const listed = rowsUnder('## Options of `serve`').map(([option, variable]) => [
      /^--([a-z-]+)/.exec(unquoted(option!))?.[1],
      unquoted(variable!),
    ])
    expect(listed).toEqual(Object.keys(OPTIONS).map(name => [name, environmentName(name)]))
  })

  it('lists every other variable that the server or a command reads, and no other', () => {
    const read = new Set<string>()
    const folder = join(packageRoot(), 'server')
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(ts|cjs)$/.test(file) || /\.test\.ts$|^test\//.test(file)) continue
      const text = readFileSync(join(folder, file), 'utf8')
      for (const [, name] of text.matchAll(/\b((?:DRIFTWIRE|COINGECKO|ETHERSCAN|GITHUB|OTEL|UV|UWS)_[A-Z_]+)\b/g)) read.add(name!)
    }
    for (const name of Object.keys(OPTIONS)) read.delete(environmentName(name))
    const listed = rowsUnder('## Environment variables').map(([variable]) => unquoted(variable!))
    expect(listed.sort()).toEqual([...read].sort())
  })
})
