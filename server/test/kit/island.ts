import { spawnSync } from 'node:child_process'

/** Processes behind a cable of their own, which a test may pull: network namespaces of Linux, each joined to this machine by a pair of interfaces. */

const ip = (...args: readonly string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0
const must = (...args: readonly string[]): void => {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** Whether this process may make network namespaces; tests that need them are left out otherwise. */
export const hasIslands: boolean = (() => {
  const name = `dw-probe-${process.pid}`
  return ip('netns', 'add', name) && ip('netns', 'del', name)
})()

const made = new Set<Island>()
process.on('exit', () => {
  for (const island of made) island.remove()
})

/** A namespace with one cable. */
export class Island {
  /** Its own address, and that of this machine as it sees it. */
  readonly address: string
  readonly mainland: string
  /** The words before a command that runs it there. */
  readonly command: readonly string[]
  private readonly name: string

  private constructor(number: number) {
    this.name = `dw-${process.pid}-${number}`
    const net = `10.213.${(process.pid + number) % 256}`
    this.mainland = `${net}.1`
    this.address = `${net}.2`
    this.command = ['ip', 'netns', 'exec', this.name]
  }

  /** Makes one. Throws if this process may not. */
  static make(): Island {
    const island = new Island(made.size)
    const { name, inner, outer } = island
    must('netns', 'add', name)
    made.add(island)
    must('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name)
    must('addr', 'add', `${island.mainland}/30`, 'dev', outer)
    must('link', 'set', outer, 'up')
    must('-n', name, 'addr', 'add', `${island.address}/30`, 'dev', inner)
    must('-n', name, 'link', 'set', 'lo', 'up')
    island.join()
    return island
  }

  /** Pulls the cable: no packet passes, and nobody learns of it. */
  cut(): void {
    must('-n', this.name, 'link', 'set', this.inner, 'down')
  }

  /** Puts the cable in. */
  join(): void {
    must('-n', this.name, 'link', 'set', this.inner, 'up')
  }

  /** Takes it away. What runs there must have ended. */
  remove(): void {
    made.delete(this)
    ip('link', 'del', this.outer)
    ip('netns', 'del', this.name)
  }

  // Names of interfaces have at most 15 characters.
  private get outer(): string {
    return `${this.name.slice(0, 13)}o`
  }

  private get inner(): string {
    return `${this.name.slice(0, 13)}i`
  }
}
