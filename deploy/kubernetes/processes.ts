import type { Container, EnvVar, PodSpec, Probe, SecurityContext } from 'kubernetes-types/core/v1.d.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from 'kubernetes-types/policy/v1.d.ts'
import { type ClusterSettings, DRAIN_MS, GRACE_S, labelsOf, PORT, REDIS } from './settings.ts'

/** What no container of these needs. */
export const UNPRIVILEGED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
} satisfies SecurityContext

/** Fields of a pod that keep two of a part from one machine, if there is another. */
export const apart = (part: string): Pick<PodSpec, 'topologySpreadConstraints'> => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: labelsOf(part) },
    },
  ],
})

const asks = (path: string, more: Omit<Probe, 'httpGet'>): Probe => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 3, ...more })

/** The environment of every process of driftwire. Passwords come from the secret `driftwire`, which these manifests do not hold. */
export const environment = ({ clickhouse }: ClusterSettings, role: 'core' | 'gateway'): EnvVar[] => {
  const secret = (key: string): EnvVar => ({ name: key, valueFrom: { secretKeyRef: { name: 'driftwire', key } } })
  const sentinels = [0, 1, 2].map(i => `${REDIS.sentinel}-${i}.${REDIS.sentinel}:26379`)
  return [
    { name: 'DRIFTWIRE_ROLE', value: role },
    { name: 'DRIFTWIRE_HOST', value: '0.0.0.0' },
    { name: 'DRIFTWIRE_PORT', value: String(PORT) },
    // The ingress speaks TLS.
    { name: 'DRIFTWIRE_BEHIND_TLS', value: '1' },
    { name: 'DRIFTWIRE_LOG_FORMAT', value: 'json' },
    { name: 'DRIFTWIRE_CONFIG', value: '/etc/driftwire/config.json' },
    { name: 'DRIFTWIRE_REDIS', value: `redis://${REDIS.frames}:6379` },
    { name: 'DRIFTWIRE_REDIS_JOURNAL', value: `redis+sentinel://${sentinels.join(',')}/${REDIS.name}` },
    secret('DRIFTWIRE_ADMIN_TOKEN'),
    ...(role === 'gateway'
      ? [{ name: 'DRIFTWIRE_DRAIN_MS', value: String(DRAIN_MS) }]
      : [
          secret('CLICKHOUSE_PASSWORD'),
          { name: 'DRIFTWIRE_CLICKHOUSE', value: clickhouse.replace('://', '://driftwire:$(CLICKHOUSE_PASSWORD)@') },
        ]),
  ]
}

/** One process of driftwire. */
export const processOf = (settings: ClusterSettings, role: 'core' | 'gateway', more: Partial<Container>): Container => ({
  name: role,
  image: settings.image,
  env: environment(settings, role),
  ports: [{ name: 'http', containerPort: PORT }],
  // A start may read a long journal: five minutes.
  startupProbe: asks('/healthz', { periodSeconds: 2, failureThreshold: 150 }),
  livenessProbe: asks('/healthz', { periodSeconds: 10, failureThreshold: 3 }),
  // A standby core is not ready and has to count as well: nobody is sent to a core, and the next pod is replaced when this one is up.
  readinessProbe: asks(role === 'core' ? '/healthz' : '/readyz', { periodSeconds: 2, failureThreshold: 1 }),
  securityContext: UNPRIVILEGED,
  volumeMounts: [
    { name: 'configuration', mountPath: '/etc/driftwire', readOnly: true },
    { name: 'data', mountPath: '/var/lib/driftwire' },
    { name: 'temporary', mountPath: '/tmp' },
  ],
  ...more,
})

/** The pod of a process. Its configuration is the config map `driftwire`. */
export const podOf = (role: 'core' | 'gateway', container: Container, volumes: NonNullable<PodSpec['volumes']>): PodSpec => ({
  containers: [container],
  ...apart(role),
  // node in the image.
  securityContext: { runAsUser: 1_000, runAsGroup: 1_000, fsGroup: 1_000 },
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: GRACE_S,
  volumes: [{ name: 'configuration', configMap: { name: 'driftwire' } }, { name: 'temporary', emptyDir: {} }, ...volumes],
})

/** Where Prometheus finds the metrics. */
export const SCRAPED = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(PORT), 'prometheus.io/path': '/metrics' } as const

/** Returns how many pods of a part may be away at a time when nodes are drained. */
export const budgetOf = (
  { namespace }: ClusterSettings,
  part: string,
  bound: Pick<PodDisruptionBudgetSpec, 'minAvailable' | 'maxUnavailable'>,
): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: part, namespace, labels: labelsOf(part) },
  spec: { ...bound, selector: { matchLabels: labelsOf(part) } },
})
