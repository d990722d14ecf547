import { collectDefaultMetrics, type Registry } from 'prom-client'

/** The metrics of prom-client that are shown, with their units. Left out are those that promtool calls misnamed. */
export const NODE_METRICS: Readonly<Record<string, string>> = {
  process_cpu_user_seconds_total: 'seconds',
  process_cpu_system_seconds_total: 'seconds',
  process_cpu_seconds_total: 'seconds',
  process_start_time_seconds: 'seconds',
  process_resident_memory_bytes: 'bytes',
  process_virtual_memory_bytes: 'bytes',
  process_heap_bytes: 'bytes',
  process_open_fds: 'file descriptors',
  process_max_fds: 'file descriptors',
  nodejs_eventloop_lag_seconds: 'seconds',
  nodejs_eventloop_lag_min_seconds: 'seconds',
  nodejs_eventloop_lag_max_seconds: 'seconds',
  nodejs_eventloop_lag_mean_seconds: 'seconds',
  nodejs_eventloop_lag_stddev_seconds: 'seconds',
  nodejs_eventloop_lag_p50_seconds: 'seconds',
  nodejs_eventloop_lag_p90_seconds: 'seconds',
  nodejs_eventloop_lag_p99_seconds: 'seconds',
  nodejs_active_resources: 'resources',
  nodejs_active_handles: 'handles',
  nodejs_active_requests: 'requests',
  nodejs_heap_size_total_bytes: 'bytes',
  nodejs_heap_size_used_bytes: 'bytes',
  nodejs_external_memory_bytes: 'bytes',
  nodejs_heap_space_size_total_bytes: 'bytes',
  nodejs_heap_space_size_used_bytes: 'bytes',
  nodejs_heap_space_size_available_bytes: 'bytes',
  nodejs_version_info: 'always 1',
  nodejs_gc_duration_seconds: 'seconds',
}

/** Adds the metrics of the process and of Node. */
export const nodeMetrics = (registry: Registry): void => {
  const before = new Set(registry.getMetricsAsArray().map(({ name }) => name))
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray())
    if (!before.has(name) && !Object.hasOwn(NODE_METRICS, name)) registry.removeSingleMetric(name)
}
