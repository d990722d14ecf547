import { session } from '../live/session.ts'

interface RefusalProps {
  readonly what: string
  readonly error: { readonly code?: string; readonly message: string }
}

/** Says that something is not shown, why, and what can be done. */
export const Refusal = ({ what, error }: RefusalProps) => (
  <div class="refusal" role="alert">
    <p>
      <strong>The server does not show {what}.</strong> {error.message}
    </p>
    {(error.code === 'not_logged_in' || error.code === 'not_allowed') && (
      <p>{session.value ? `${session.value.user} may not read it.` : <a href="/sign-in">Sign in</a>}</p>
    )}
  </div>
)
