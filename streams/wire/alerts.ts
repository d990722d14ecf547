/** How much an alert matters. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const
/** How much an alert matters. */
export type Severity = (typeof SEVERITIES)[number]
