/** What differs from one cluster to the next; the options of `print.ts` set it. */
export interface ClusterSettings {
  readonly namespace: string
  readonly image: string
  /** The name under which clients come. */
  readonly host: string
  /** URL of a ClickHouse that stands outside these manifests, without its password. */
  readonly clickhouse: string
  /** Gateways at least, and at most. */
  readonly gateways: readonly [least: number, most: number]
  /** Sockets for which one more gateway is started. */
  readonly socketsEach: number
}

/** The settings of a first try. */
export const DEFAULTS: ClusterSettings = {
  namespace: 'driftwire',
  image: 'driftwire:latest',
  host: 'driftwire.example',
  clickhouse: 'http://clickhouse:8123',
  gateways: [2, 20],
  socketsEach: 2_000,
}

/** Labels of everything, and of one part of it. */
export const labelsOf = (part: string): { readonly [name: string]: string } => ({
  'app.kubernetes.io/name': 'driftwire',
  'app.kubernetes.io/component': part,
})

/** The port of HTTP and websockets. */
export const PORT = 8_080
/** ms in which balancers may find out that a gateway stops, before it closes its sockets. */
export const DRAIN_MS = 5_000
/** Seconds until a process that stops is killed: above the drain, the closing of the sockets and the five seconds of a stop. */
export const GRACE_S = 60
/** Names of the two kinds of Redis. */
export const REDIS = { frames: 'redis', journal: 'journal', sentinel: 'sentinel', name: 'ledger' } as const
/** The image of both. */
export const REDIS_IMAGE = 'redis:7.4-alpine'
