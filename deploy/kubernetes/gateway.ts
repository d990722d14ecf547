import type { Deployment } from 'kubernetes-types/apps/v1.d.ts'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts'
import type { Service } from 'kubernetes-types/core/v1.d.ts'
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts'
import { budgetOf, podOf, processOf, SCRAPED } from './processes.ts'
import { type ClusterSettings, labelsOf, PORT } from './settings.ts'

const PART = 'gateway'

type Gateways = readonly [Deployment, Service, PodDisruptionBudget, HorizontalPodAutoscaler, Ingress]

/** The gateways: a new one is ready before an old one stops, and their number follows the sockets. */
export const gateway = (settings: ClusterSettings): Gateways => {
  const {
    namespace,
    gateways: [least, most],
    socketsEach,
    host,
  } = settings
  const metadata = { name: PART, namespace, labels: labelsOf(PART) }
  const container = processOf(settings, 'gateway', {
    resources: { requests: { cpu: '1', memory: '512Mi' }, limits: { memory: '2Gi' } },
    // The endpoint is taken out while the signal still waits: no connection comes to a process that stops.
    lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
  })
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        // The autoscaler says how many.
        selector: { matchLabels: labelsOf(PART) },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels: labelsOf(PART), annotations: SCRAPED },
          spec: podOf('gateway', container, [{ name: 'data', emptyDir: {} }]),
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labelsOf(PART), ports: [{ name: 'http', port: PORT, targetPort: 'http' }] },
    },
    budgetOf(settings, PART, { maxUnavailable: 1 }),
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: PART },
        minReplicas: least,
        maxReplicas: most,
        metrics: [
          // By Prometheus' adapter: deploy/prometheus/adapter.yml.
          {
            type: 'Pods',
            pods: { metric: { name: 'driftwire_clients_sockets' }, target: { type: 'AverageValue', averageValue: String(socketsEach) } },
          },
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
        // Each gateway that goes sends its clients elsewhere: one in five minutes.
        behavior: {
          scaleUp: { policies: [{ type: 'Percent', value: 100, periodSeconds: 30 }] },
          scaleDown: { stabilizationWindowSeconds: 600, policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }] },
        },
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        ...metadata,
        annotations: {
          'nginx.ingress.kubernetes.io/proxy-read-timeout': '75',
          'nginx.ingress.kubernetes.io/proxy-body-size': '1g',
          'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
          'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
          'nginx.ingress.kubernetes.io/proxy-next-upstream': 'error timeout http_503',
        },
      },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: [host], secretName: 'driftwire-tls' }],
        rules: [
          { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: PART, port: { name: 'http' } } } }] } },
        ],
      },
    },
  ]
}
