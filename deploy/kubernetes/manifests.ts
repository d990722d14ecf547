import type { ConfigMap, Namespace } from 'kubernetes-types/core/v1.d.ts'
import { core } from './core.ts'
import { gateway } from './gateway.ts'
import { redis } from './redis.ts'
import { type ClusterSettings, labelsOf } from './settings.ts'

/**
 * Returns all objects, in the order in which they are made. `configuration` is the text of config.json. Not among them: the secret `driftwire`
 * (keys `DRIFTWIRE_ADMIN_TOKEN`, `CLICKHOUSE_PASSWORD`), the certificate `driftwire-tls`, and ClickHouse.
 */
export const manifests = (settings: ClusterSettings, configuration: string) => {
  const { namespace } = settings
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } satisfies Namespace,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'driftwire', namespace, labels: labelsOf('configuration') },
      data: { 'config.json': configuration },
    } satisfies ConfigMap,
    ...redis(settings),
    ...core(settings),
    ...gateway(settings),
  ]
}
