import { z } from 'zod'
import { ALERT } from './states.ts'

const { rule, channel, figure, severity, since, confirmed, times, evidence, ...others } = ALERT

/** An alert as it stands; of those that are over with the time and the reason. */
const STORED_ALERT = z.strictObject({
  id: z.string(),
  ...{ rule, channel, figure, severity, since, confirmed, times, evidence },
  ...z.strictObject(others).partial().shape,
})

/** A stored alert. */
export type StoredAlert = z.infer<typeof STORED_ALERT>

/** What `GET /v1/alerts` answers. */
export const STORED_ALERTS = z.strictObject({
  alerts: z.array(STORED_ALERT).describe('newest first'),
  next: z.string().optional().describe('cursor of the alerts that follow'),
})

/** Stored alerts. */
export type StoredAlertsAnswer = z.infer<typeof STORED_ALERTS>
