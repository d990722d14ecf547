import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts'
import type { Container, PodSpec, Probe, Service } from 'kubernetes-types/core/v1.d.ts'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts'
import { apart, budgetOf, UNPRIVILEGED } from './processes.ts'
import { type ClusterSettings, labelsOf, REDIS, REDIS_IMAGE } from './settings.ts'

const answers = (port: number): Probe => ({
  exec: { command: ['redis-cli', '-p', String(port), 'ping'] },
  periodSeconds: 2,
  timeoutSeconds: 2,
})

const redisPod = (part: string, container: Container, volumes: NonNullable<PodSpec['volumes']>): PodSpec => ({
  containers: [container],
  ...apart(part),
  // redis in the image.
  securityContext: { runAsUser: 999, runAsGroup: 1_000, fsGroup: 1_000 },
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  volumes,
})

const redisContainer = (port: number, script: string, memory: string): Container => ({
  name: 'redis',
  image: REDIS_IMAGE,
  command: ['sh', '-c', script],
  ports: [{ name: 'redis', containerPort: port }],
  readinessProbe: answers(port),
  livenessProbe: { ...answers(port), periodSeconds: 10 },
  resources: { requests: { cpu: '500m', memory }, limits: { memory } },
  securityContext: UNPRIVILEGED,
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
})

/** Names each pod of a set, also before it is ready: sentinels have to find one that starts. */
const headless = ({ namespace }: ClusterSettings, part: string, port: number): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: part, namespace, labels: labelsOf(part) },
  spec: {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: labelsOf(part),
    ports: [{ name: 'redis', port, targetPort: 'redis' }],
  },
})

const setOf = (settings: ClusterSettings, part: string, replicas: number, container: Container, storage: string): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: part, namespace: settings.namespace, labels: labelsOf(part) },
  spec: {
    serviceName: part,
    replicas,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labelsOf(part) },
    template: { metadata: { labels: labelsOf(part) }, spec: redisPod(part, container, []) },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
      },
    ],
  },
})

/** Frames, commands and leases: all of it may be lost without harm, so nothing of it is written, and one is enough. */
const frames = ({ namespace }: ClusterSettings): readonly [Deployment, Service] => {
  const part = REDIS.frames
  const metadata = { name: part, namespace, labels: labelsOf(part) }
  const script = 'exec redis-server --save "" --appendonly no --maxmemory 1gb --maxmemory-policy noeviction'
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labelsOf(part) },
        template: {
          metadata: { labels: labelsOf(part) },
          spec: redisPod(part, redisContainer(6_379, script, '1536Mi'), [{ name: 'data', emptyDir: {} }]),
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labelsOf(part), ports: [{ name: 'redis', port: 6_379, targetPort: 'redis' }] },
    },
  ]
}

/**
 * The ledger: a primary and a replica that have each write on disk before they acknowledge it, under three sentinels. A pod that starts asks
 * them who leads; before the first election it is the pod 0.
 */
const journal = (settings: ClusterSettings): readonly [StatefulSet, Service, PodDisruptionBudget] => {
  const part = REDIS.journal
  const script = `self="$(hostname).${part}"
leader=$(redis-cli -h ${REDIS.sentinel} -p 26379 sentinel get-master-addr-by-name ${REDIS.name} 2>/dev/null | head -1)
leader=\${leader:-${part}-0.${part}}
set -- --save "" --appendonly yes --appendfsync always --maxmemory-policy noeviction --replica-announce-ip "$self"
[ "$leader" = "$self" ] || set -- "$@" --replicaof "$leader" 6379
exec redis-server "$@"`
  return [
    setOf(settings, part, 2, redisContainer(6_379, script, '4Gi'), '50Gi'),
    headless(settings, part, 6_379),
    budgetOf(settings, part, { maxUnavailable: 1 }),
  ]
}

const sentinels = (settings: ClusterSettings): readonly [StatefulSet, Service, PodDisruptionBudget] => {
  const part = REDIS.sentinel
  const script = `test -f /data/sentinel.conf || printf '%s\\n' 'sentinel resolve-hostnames yes' 'sentinel announce-hostnames yes' \\
  "sentinel announce-ip $(hostname).${part}" 'sentinel monitor ${REDIS.name} ${REDIS.journal}-0.${REDIS.journal} 6379 2' \\
  'sentinel down-after-milliseconds ${REDIS.name} 1000' 'sentinel failover-timeout ${REDIS.name} 3000' > /data/sentinel.conf
exec redis-sentinel /data/sentinel.conf`
  return [
    setOf(settings, part, 3, redisContainer(26_379, script, '128Mi'), '1Gi'),
    headless(settings, part, 26_379),
    budgetOf(settings, part, { minAvailable: 2 }),
  ]
}

/** Redis believes everybody who reaches it: only these pods do. */
const closed = ({ namespace }: ClusterSettings): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'redis', namespace, labels: labelsOf('redis') },
  spec: {
    podSelector: {
      matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'In', values: [REDIS.frames, REDIS.journal, REDIS.sentinel] }],
    },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'driftwire' } } }] }],
  },
})

/** Both kinds of Redis. */
export const redis = (settings: ClusterSettings) => [...frames(settings), ...journal(settings), ...sentinels(settings), closed(settings)]
