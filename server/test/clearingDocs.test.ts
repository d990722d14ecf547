import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KINDS } from '../../streams/wire/channels.ts'
import { ERRORS } from '../../streams/wire/errors.ts'
import { METHODS } from '../../streams/wire/requests.ts'
import { type AppOptions, httpApp } from '../gateway/http/app.ts'
import { asyncApi } from '../gateway/http/asyncapi.ts'
import { openApi } from '../gateway/http/openapi.ts'
import { ROUTES } from '../gateway/http/routes/index.ts'
import { packageRoot } from '../lib/packageRoot.ts'

const rules = readFileSync(join(packageRoot(), 'docs', 'protocol.md'), 'utf8')

/** The rows of a section's tables, each as its cells. */
const tableOf = (title: string): string[][] => {
  const section = rules.split(/^## /m).find(part => part.startsWith(`${title}\n`))!
  return section
    .split('\n')
    .filter((line, i, lines) => line.startsWith('| `') && !lines[i + 1]?.startsWith('| ---'))
    .map(line =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim()),
    )
}
const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)

interface Operation {
  readonly requestBody?: { readonly content: Record<string, unknown> }
}

describe('what is written of the protocol', () => {
  it('names every error that there is and none else, each with its numbers', () => {
    const written = tableOf('Errors').flatMap(([code, rpc, status, retry]) =>
      names(code!).map(name => [name, { rpc: Number(rpc), status: Number(status), retry: retry === 'yes' }] as const),
    )
    expect(Object.fromEntries(written)).toEqual(
      Object.fromEntries(Object.entries(ERRORS).map(([code, { rpc, status, retry }]) => [code, { rpc, status, retry }])),
    )
    expect(new Set(written.map(([name]) => name)).size).toBe(written.length)
  })

  it('names every method that there is and none else', () => {
    const written = tableOf('Methods').flatMap(([method]) => names(method!))
    expect(written.sort()).toEqual(Object.keys(METHODS).sort())
  })

  it('names every kind of channel, but for what is not computed yet', () => {
    const written = new Set(tableOf('Channels').flatMap(([channel]) => names(channel!).map(name => name.split(':')[0])))
    for (const kind of KINDS) expect(written, kind).toContain(kind)
  })

  it('names every route that there is and none else', () => {
    let method = ''
    const written = rules
      .split(/^## /m)
      .map(part => part.slice(0, part.indexOf('\n')))
      .filter(title => title.endsWith('by HTTP'))
      .flatMap(title => tableOf(title).flatMap(([route]) => names(route!)))
      .map(name => {
        const [, own, path] = /^(?:([A-Z]+) )?([^?]+)/.exec(name)!
        method = own ?? method
        return `${method} ${path}`
      })
    const routes = ROUTES.map(route => `${route.method.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`)
    expect(written.sort()).toEqual(routes.sort())
  })

  it('in OpenAPI has every route by every method, and none else', () => {
    const { paths } = openApi(ROUTES) as { paths: Record<string, Record<string, Operation>> }
    const routes = httpApp({} as AppOptions).routes.filter(({ method, path }) => method !== 'ALL' && path !== '/*')
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort())
  })

  it('in OpenAPI says what the routes take', () => {
    const { paths } = openApi(ROUTES) as { paths: Record<string, Record<string, Operation>> }
    const content = paths['/create']!.post!.requestBody!.content
    expect(Object.keys(content)).toEqual(['application/json', 'application/x-www-form-urlencoded'])
    expect(content['application/json']).toMatchObject({
      schema: { type: 'object', required: ['amount'], properties: { etf_name: { type: 'string' }, amount: { type: 'string' } } },
    })
  })

  it('in AsyncAPI has every method, and its parameters', () => {
    const { channels } = asyncApi() as { channels: { ws: { messages: Record<string, object> } } }
    expect(Object.keys(channels.ws.messages)).toEqual(expect.arrayContaining(Object.keys(METHODS)))
    expect(channels.ws.messages.create).toMatchObject({
      payload: {
        properties: { params: { properties: { fund: { type: 'string' }, amount: { type: 'string' }, key: { type: 'string' } } } },
      },
    })
  })
})
