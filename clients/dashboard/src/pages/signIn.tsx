import { useSignal } from '@preact/signals'
import { useFacts } from '../live/facts.ts'
import type { RequestError } from '../live/line.ts'
import { ended, register, session, signIn, signInWith } from '../live/session.ts'
import { Choices } from '../parts/choices.tsx'
import { choice, go, place } from '../router.ts'
import type { PageProps } from './page.ts'

const WAYS = ['in', 'register', 'token'] as const
const WORDS = { in: 'Sign in', register: 'Register', token: 'Operator’s token' } as const

/** Signing in: a client by name and password, an operator by a token. */
export const SignIn = (_: PageProps) => {
  const registration = useFacts().value?.registration
  const ways = registration === 'closed' ? WAYS.filter(w => w !== 'register') : WAYS
  const way = choice('way', ways)
  const busy = useSignal(false)
  const error = useSignal<RequestError | undefined>(undefined)
  const send = async (form: HTMLFormElement): Promise<void> => {
    const read = (name: string): string => String(new FormData(form).get(name) ?? '')
    busy.value = true
    error.value = undefined
    try {
      if (way === 'token') await signInWith(read('token').trim())
      else if (way === 'in') await signIn(read('username').trim(), read('password'))
      else await register(read('username').trim(), read('password'), read('invite').trim() || undefined)
      const to = place.peek().query.get('to') ?? '/'
      // Only addresses of this page: a link must not lead elsewhere by way of a login.
      go(/^\/(?!\/)/.test(to) ? to : '/')
    } catch (reason) {
      error.value = reason as RequestError
    } finally {
      busy.value = false
    }
  }
  return (
    <section class="card narrow">
      <h1>{WORDS[way]}</h1>
      {session.value && <p class="lead">You are signed in as {session.value.user}.</p>}
      {ended.value && <p class="lead warn">Your last session ended: {ended.value}.</p>}
      <Choices name="way" label="Way" of={ways} text={w => WORDS[w]} />
      {registration === 'closed' && way === 'in' && <p class="note">Registration is closed here: an operator gives out names.</p>}
      <form
        key={way}
        class="stack"
        onSubmit={event => {
          event.preventDefault()
          void send(event.currentTarget)
        }}
      >
        {way === 'token' ? (
          <label class="field">
            Token
            <input name="token" type="password" required autocomplete="off" />
          </label>
        ) : (
          <>
            <label class="field">
              Name
              <input name="username" required autocomplete="username" autocapitalize="off" spellcheck={false} />
            </label>
            <label class="field">
              Password
              <input
                name="password"
                type="password"
                required
                minLength={way === 'register' ? 8 : 1}
                autocomplete={way === 'register' ? 'new-password' : 'current-password'}
              />
            </label>
          </>
        )}
        {way === 'register' && registration !== 'open' && (
          <label class="field">
            Invitation
            <input name="invite" autocomplete="off" required={registration === 'invite'} />
          </label>
        )}
        {error.value && (
          <p class="refusal" role="alert">
            <strong>
              {error.value.code === 'bad_credentials'
                ? 'The name, the password or the token is not right.'
                : `Refused: ${error.value.code}.`}
            </strong>{' '}
            {error.value.code !== 'bad_credentials' && error.value.message}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy.value}>
          {busy.value ? 'Checking' : WORDS[way]}
        </button>
      </form>
    </section>
  )
}
