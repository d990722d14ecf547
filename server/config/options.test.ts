import { describe, expect, it } from 'vitest'
import { environmentName, OPTIONS, type OptionName, readOptions, UsageError } from './options.ts'

const NAMES = Object.keys(OPTIONS) as OptionName[]

/** A value for each option, as an environment variable has it, and as it is read. */
const given = (name: OptionName): [text: string, value: unknown] => {
  switch (OPTIONS[name].kind) {
    case 'flag':
      return ['true', true]
    case 'list':
      return ['one;two', ['one', 'two']]
    default:
      return ['something', 'something']
  }
}

describe('an option', () => {
  it('is one of those that are promised', () => {
    expect(NAMES).toEqual(
      expect.arrayContaining([
        ...[
          'config',
          'host',
          'port',
          'data',
          'clickhouse',
          'redis',
          'role',
          'feed',
          'speed',
          'wait-clients',
          'record-frames',
          'exit-at-end',
        ],
        'behind-tls',
      ]),
    )
  })

  it.each(NAMES)('--%s is read from the environment, and the command line wins', name => {
    const [text, value] = given(name)
    expect(readOptions({}, { [environmentName(name)]: text })).toEqual({ [name]: value })
    expect(readOptions({ [name]: 'typed' }, { [environmentName(name)]: text })).toEqual({ [name]: 'typed' })
  })

  it.each<[name: OptionName, variable: string]>([
    ['port', 'DRIFTWIRE_PORT'],
    ['wait-clients', 'DRIFTWIRE_WAIT_CLIENTS'],
    ['record-frames', 'DRIFTWIRE_RECORD_FRAMES'],
    ['exit-at-end', 'DRIFTWIRE_EXIT_AT_END'],
  ])('--%s is %s in the environment', (name, variable) => {
    expect(environmentName(name)).toBe(variable)
  })

  it('that may be repeated is separated by newlines or semicolons in the environment', () => {
    const feeds = ['sim:3', 'replay:a file.csv', 'binance:BTCUSDT,ETHUSDT']
    for (const text of [feeds.join('\n'), feeds.join(';'), `${feeds.join('\r\n')}\n`, feeds.join(' ; ')])
      expect(readOptions({}, { DRIFTWIRE_FEED: text })).toEqual({ feed: feeds })
  })

  it.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ])('without a value is %s in the environment', (text, value) => {
    expect(readOptions({}, { DRIFTWIRE_EXIT_AT_END: text })).toEqual({ 'exit-at-end': value })
  })

  it('is not given where its variable is empty, and others’ variables are no concern', () => {
    expect(readOptions({}, { DRIFTWIRE_PORT: '', PORT: '99', DRIFTWIRE_ADMIN_TOKEN: 'secret' })).toEqual({})
  })

  it('without a value is refused in the environment where it is neither on nor off', () => {
    const { message } = caught(() => readOptions({}, { DRIFTWIRE_EXIT_AT_END: 'yes' }))
    expect(message).toBe('DRIFTWIRE_EXIT_AT_END: found "yes", expected 1, true, 0 or false')
  })
})

it('a mistake is reported in one line, whatever was typed', () => {
  expect(new UsageError('--feed: found "a\n  b\r\nc", expected one').message).toBe('--feed: found "a b c", expected one')
})

const caught = (act: () => unknown): Error => {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
