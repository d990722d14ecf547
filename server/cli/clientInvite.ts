import { randomBytes } from 'node:crypto'
import { digestOf } from '../identity/digest.ts'

/** Returns the text that shows a new invitation, which is for the client alone, and its digest, which is all that the configuration has of it. */
export const invitationText = (json: boolean): string => {
  const invitation = randomBytes(24).toString('base64url')
  const digest = digestOf(invitation)
  if (json) return JSON.stringify({ invitation, digest })
  return `for the client, good once:
  ${invitation}
for the configuration, under "invites":
  "${digest}"`
}
