import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DriftwireProcess, pathOf } from './processKit.ts'
import { cutRecordings, differences, partOf, type Recording, replaying, rowsOf, statesOf } from './restartKit.ts'
import { ClickHouseServer } from './storageKit.ts'

/**
 * A restart changes nothing that is shown: a recording that is cut at any moments, by stops and by kills, and continued by new starts on the same
 * data ends in the states and the stored rows of an uninterrupted run. `npm run test:restarts` cuts 200 times; `CUTS` says how often, `SEED` where.
 */

const CUTS = Number(process.env.CUTS ?? 2)
/** ms that a run takes at the speed at which it is cut. */
const TAKES = 2_000

interface Cut {
  /** When it falls: a share of the time that the run takes, from the moment at which the server has begun. */
  readonly at: number
  readonly signal: 'SIGTERM' | 'SIGKILL'
}

/** How one recording is cut. */
interface Case {
  readonly recording: number
  readonly engine: 'embedded' | 'server'
  /** `again`: each start begins the recording once more. `rest`: the file itself is cut in two, and the second start gets the rest. */
  readonly continued: 'again' | 'rest'
  readonly cuts: readonly Cut[]
}

const cut: fc.Arbitrary<Cut> = fc.record({
  at: fc.integer({ min: 0, max: 999 }).map(share => share / 1000),
  signal: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const),
})
const cases: fc.Arbitrary<Case> = fc.record({
  recording: fc.nat(),
  engine: fc.constantFrom('embedded' as const, 'server' as const),
  continued: fc.constantFrom('again' as const, 'again' as const, 'rest' as const),
  cuts: fc.array(cut, { minLength: 1, maxLength: 2 }),
})

/** Where the rows of one case go. */
interface Place {
  readonly options: readonly string[]
  readonly source: { readonly dataDir: string } | { readonly url: string }
  readonly close: () => Promise<void>
}

let places = 0
const place = async (engine: Case['engine']): Promise<Place> => {
  places += 1
  const data = pathOf(`data-${places}`)
  const options = ['--data', data]
  if (engine === 'embedded') return { options, source: { dataDir: join(data, 'clickhouse') }, close: async () => {} }
  mkdirSync(pathOf(`engine-${places}`))
  const server = await ClickHouseServer.start(pathOf(`engine-${places}`))
  return { options: [...options, '--clickhouse', server.url], source: { url: server.url }, close: () => server.remove() }
}

const ended = async (server: DriftwireProcess, { source }: Place): Promise<Map<string, string>> => {
  const end = await statesOf(server)
  expect(await server.end('SIGTERM')).toBe(0)
  return new Map([...end, ...(await rowsOf(source))])
}

/** Cuts as the case says, and returns what the last run ends with. */
const cutRun = async (recording: Recording, { continued, cuts }: Case, at: Place): Promise<Map<string, string>> => {
  if (continued === 'again' || !recording.divisible) {
    const all = partOf(recording)
    for (const { at: share, signal } of cuts) {
      const server = replaying(recording, all, ...at.options, '--speed', String(recording.span / TAKES))
      await server.printed()
      // A cut falls at any moment, whether something happens then or not: there is no event to wait for.
      await delay(share * TAKES)
      expect(await server.end(signal)).toBe(signal === 'SIGTERM' ? 0 : signal)
    }
    return ended(replaying(recording, all, ...at.options, '--speed', 'max'), at)
  }
  const bounds = [0, ...cuts.map(({ at: share }) => share).sort((a, b) => a - b), 1]
  for (const [i, { signal }] of cuts.entries()) {
    const server = replaying(recording, partOf(recording, bounds[i], bounds[i + 1]), ...at.options, '--speed', 'max')
    await server.replayed()
    expect(await server.end(signal)).toBe(signal === 'SIGTERM' ? 0 : signal)
  }
  return ended(replaying(recording, partOf(recording, bounds.at(-2), 1), ...at.options, '--speed', 'max'), at)
}

describe('a recording that is cut and goes on', () => {
  let recordings: Recording[]
  const whole = new Map<Recording, Map<string, string>>()
  const counts = new Map<string, number>()
  beforeAll(async () => {
    recordings = await cutRecordings()
  }, 60_000)
  afterAll(() => {
    if (process.env.CUTS === undefined) return
    const lines = [...counts].sort().map(([what, n]) => `  ${what}: ${n}`)
    console.log(
      [`${[...counts.values()].reduce((sum, n) => sum + n, 0)} runs that were cut ended as uninterrupted ones`, ...lines].join('\n'),
    )
  })

  const uncut = async (recording: Recording): Promise<Map<string, string>> => {
    const known = whole.get(recording)
    if (known) return known
    const at = await place('embedded')
    const end = await ended(replaying(recording, partOf(recording), ...at.options, '--speed', 'max'), at)
    whole.set(recording, end)
    return end
  }

  it(
    'ends in the states and stored rows of an uninterrupted run',
    async () => {
      let done = 0
      await fc.assert(
        fc.asyncProperty(cases, async one => {
          const recording = recordings[one.recording % recordings.length]!
          const at = await place(one.engine)
          const began = performance.now()
          try {
            expect(differences(await cutRun(recording, one, at), await uncut(recording))).toEqual([])
          } finally {
            await at.close()
          }
          const signals = one.cuts.map(({ signal }) => signal).join(', ')
          const what = `${recording.name}, ${one.engine}, ${one.continued}, ${signals}`
          counts.set(what, (counts.get(what) ?? 0) + 1)
          done += 1
          if (process.env.CUTS !== undefined)
            console.log(
              `${done}/${CUTS} ${what} at ${one.cuts.map(({ at: share }) => share.toFixed(3)).join(', ')}: equal, ${Math.round(performance.now() - began)} ms`,
            )
        }),
        // A smaller case is no clearer than the first, and each takes seconds.
        { numRuns: CUTS, endOnFailure: true },
      )
    },
    60_000 + CUTS * 30_000,
  )
})
