import { session, signOut } from '../live/session.ts'

/** Who is signed in, and the ways in and out. */
export const User = () => {
  const now = session.value
  if (!now)
    return (
      <a class="tool" href="/sign-in">
        Sign in
      </a>
    )
  return (
    <>
      <a href={now.admin ? '/operate' : '/orders'} class="who">
        {now.user}
      </a>
      <button type="button" class="tool" onClick={() => void signOut().catch(() => {})}>
        Sign out
      </button>
    </>
  )
}
