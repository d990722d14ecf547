import { statfs } from 'node:fs/promises'

/** Room on a file system, bytes. `freeBytes` is what this process may use. */
export interface Space {
  readonly freeBytes: number
  readonly sizeBytes: number
}

/** How full the file system of a directory is, as of the last look. */
export class DiskSpace {
  /** Undefined before the first look, and if the last one failed. */
  space: Space | undefined
  private readonly directory: string
  private looking = false

  constructor(directory: string) {
    this.directory = directory
  }

  /** Looks again. At a file system that does not answer only one look waits. */
  async look(): Promise<void> {
    if (this.looking) return
    this.looking = true
    this.space = await statfs(this.directory).then(
      ({ bavail, blocks, bsize }) => ({ freeBytes: bavail * bsize, sizeBytes: blocks * bsize }),
      () => undefined,
    )
    this.looking = false
  }
}
