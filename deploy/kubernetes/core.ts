import type { StatefulSet } from 'kubernetes-types/apps/v1.d.ts'
import type { Service } from 'kubernetes-types/core/v1.d.ts'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts'
import { budgetOf, podOf, processOf, SCRAPED } from './processes.ts'
import { type ClusterSettings, labelsOf, PORT } from './settings.ts'

const PART = 'core'

/** A core and its standby, each with a disk of its own: the copy of the ledger and the spool. They are replaced one after the other. */
export const core = (settings: ClusterSettings): readonly [StatefulSet, Service, PodDisruptionBudget] => {
  const { namespace } = settings
  const metadata = { name: PART, namespace, labels: labelsOf(PART) }
  const container = processOf(settings, 'core', { resources: { requests: { cpu: '2', memory: '2Gi' }, limits: { memory: '6Gi' } } })
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: PART,
        replicas: 2,
        // Neither waits for the other at the start: the one that gets the lease leads.
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labelsOf(PART) },
        template: { metadata: { labels: labelsOf(PART), annotations: SCRAPED }, spec: podOf('core', container, []) },
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '50Gi' } } },
          },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: 'None', selector: labelsOf(PART), ports: [{ name: 'http', port: PORT, targetPort: 'http' }] },
    },
    budgetOf(settings, PART, { minAvailable: 1 }),
  ]
}
