import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../lib/packageRoot.ts'

/** The client package's folder. */
export const PACKAGE = join(packageRoot(), 'clients', 'driftwire-client')
if (!existsSync(join(PACKAGE, 'dist', 'index.js'))) throw new Error('driftwire-client is not built yet: npm run build')

/** Runs a command to its end and returns what it printed. Throws if it fails. */
export const run = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}: ${stdout}${stderr}`)
  return stdout
}

/** A fresh project outside the repository, into which the packed client package is installed. */
export class ClientProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'driftwire-client-'))
  /** The packed package. */
  readonly tarball: string
  private readonly running = new Set<ChildProcess>()

  constructor() {
    // The tests run on what was built; packing would build it again.
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', this.folder], PACKAGE)
    this.tarball = join(this.folder, readdirSync(this.folder).find(name => name.endsWith('.tgz'))!)
    this.file('package.json', JSON.stringify({ name: 'fresh', private: true, type: 'module' }))
    const quietly = ['--offline', '--omit=optional', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund']
    run('npm', ['install', ...quietly, this.tarball], this.folder)
    // What the registry would give is here already.
    for (const name of ['rxjs', 'ws']) symlinkSync(join(packageRoot(), 'node_modules', name), join(this.folder, 'node_modules', name))
  }

  /** Writes a file of the project. */
  file(name: string, content: string): void {
    mkdirSync(this.folder, { recursive: true })
    writeFileSync(join(this.folder, name), content)
  }

  /** Runs a module. Resolves with its first `count` lines when they are printed; rejects if it ends before, or says something else. */
  lines(name: string, count: number, args: readonly string[] = []): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [name, ...args], { cwd: this.folder })
      this.running.add(child)
      let [said, failed] = ['', '']
      child.stderr.on('data', data => (failed += data))
      child.stdout.on('data', data => {
        said += data
        const lines = said.split('\n').slice(0, -1)
        if (lines.length < count) return
        resolve(lines.slice(0, count))
        child.kill()
      })
      child.on('close', code => {
        this.running.delete(child)
        reject(new Error(`${name} ended with ${code}: ${said}${failed}`))
      })
    })
  }

  /** Removes the project, and ends what still runs in it. */
  remove(): void {
    for (const child of this.running) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
