import { describe, expect, it } from 'vitest'
import { readChains } from './chains.ts'
import { UsageError } from './options.ts'
import { configSchema } from './schema.ts'

const read = (node: string, environment: Record<string, string> = {}) =>
  readChains(configSchema.parse({ chains: { ethereum: { id: 1, node } } }).chains, environment, 'c.json').get('ethereum')

describe('chains of the configuration', () => {
  it('have the address of their node, or the variable that holds it', () => {
    expect(read('https://node.example/v2')).toEqual({ name: 'ethereum', id: 1, node: 'https://node.example/v2', contractsPerMinute: 30 })
    expect(read('$NODE', { NODE: 'http://127.0.0.1:8545/a-key' })?.node).toBe('http://127.0.0.1:8545/a-key')
  })

  it.each([
    ['$NODE', {}, 'c.json: chains.ethereum.node: found no variable NODE, expected the address of a node in it'],
    [
      '$NODE',
      { NODE: 'a-secret-key' },
      'c.json: chains.ethereum.node: found no address in the variable NODE, expected https://… or http://… without name and password',
    ],
  ])('end the start with one line, without what may be a key: %s %o', (node, environment, line) => {
    expect(() => read(node, environment as Record<string, string>)).toThrow(new UsageError(line))
  })

  it.each(['node.example', 'wss://node.example', '$node', 'file:///etc/passwd'])('take no %s', node => {
    expect(configSchema.safeParse({ chains: { ethereum: { id: 1, node } } }).error?.message).toContain('https://… or http://…')
  })
})
