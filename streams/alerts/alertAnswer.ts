import type { StoredAlert } from '../wire/answers/alerts.ts'
import type { Alert } from './alert.ts'

/** Returns an alert as others get it. */
export const alertAnswer = ({ t, step: _, state, members, ...alert }: Alert): StoredAlert => ({
  ...alert,
  ...(members && { members: [...members] }),
  ...(state === 'cleared' && { cleared: t }),
})
