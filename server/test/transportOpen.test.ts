import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { openTransport, type TransportChoice } from '../gateway/transports/open.ts'
import type { Handlers, TransportOptions } from '../gateway/transports/transport.ts'

const handlers: Handlers<object> = {
  upgrade: () => ({ accept: {} }),
  open: () => {},
  message: () => {},
  pong: () => {},
  close: () => {},
  http: () => new Response(),
}

/** Opens one. Returns its name and the lines that were logged. */
const opened = async (choice: TransportChoice | undefined, options: Partial<TransportOptions> = {}) => {
  const lines: { level: number; transport?: string; msg: string }[] = []
  const log = pino({}, { write: line => void lines.push(JSON.parse(line)) })
  const transport = await openTransport(handlers, { log, ...options }, choice)
  return { name: transport.name, lines }
}

describe('the choice of a transport', () => {
  it('is ws if that is wanted', async () => {
    const { name, lines } = await opened('ws')
    expect(name).toBe('ws')
    expect(lines).toMatchObject([{ level: 30, transport: 'ws' }])
  })

  it('is uWebSockets.js if it loads, and else ws with a warning', async () => {
    const loads = await import('uWebSockets.js').then(
      () => true,
      () => false,
    )
    const { name, lines } = await opened(undefined)
    expect(name).toBe(loads ? 'uws' : 'ws')
    expect(lines.map(line => line.level)).toEqual(loads ? [30] : [40, 30])
  })

  it('falls back only if it was not asked for the one that does not load', async () => {
    vi.doMock('../gateway/transports/uwsLibrary.ts', () => ({ loadUws: () => Promise.reject(new Error('no binary for this Node')) }))
    vi.resetModules()
    const { openTransport: openHere } = await import('../gateway/transports/open.ts')
    const lines: { level: number; err?: { message: string } }[] = []
    const log = pino({}, { write: line => void lines.push(JSON.parse(line)) })
    expect((await openHere(handlers, { log })).name).toBe('ws')
    expect(lines).toMatchObject([{ level: 40, err: { message: 'no binary for this Node' } }, { level: 30 }])
    await expect(openHere(handlers, { log }, 'uws')).rejects.toThrow('no binary for this Node')
    vi.doUnmock('../gateway/transports/uwsLibrary.ts')
  })

  it('warns if there are fewer file descriptors than sockets wanted', async () => {
    const { lines } = await opened('ws', { maxSockets: 100_000_000 })
    expect(lines.map(line => line.level)).toEqual([40, 30])
  })
})
