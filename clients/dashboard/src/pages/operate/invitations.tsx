import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Invitations as Answer } from '../../../../../streams/wire/answers/clearing.ts'
import { useAnswer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'

type Invitation = Answer['invitations'][number]

/** Bytes of chance in an invitation, as `driftwire client invite` takes them. */
const BYTES = 24

const COLUMNS: readonly Column<Invitation>[] = [
  {
    key: 'digest',
    head: 'Digest',
    width: 200,
    align: 'left',
    heading: true,
    show: ({ digest }) => ({ text: digest.slice(0, 20), why: digest }),
    raw: ({ digest }) => digest,
  },
  {
    key: 'used',
    head: 'State',
    width: 96,
    align: 'left',
    show: ({ used }) => ({ text: used ? 'used' : 'good once', tone: used ? 'quiet' : undefined }),
    order: ({ used }) => Number(used),
  },
]

/** An invitation, and all that the server may have of it. */
interface Made {
  readonly invitation: string
  readonly digest: string
}

/** Makes an invitation. It never leaves the page but by the operator's hand. */
const make = async (): Promise<Made> => {
  const invitation = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(BYTES))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(invitation)))
  return { invitation, digest: Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('') }
}

const WORDS = {
  open: 'Everybody may register here: nobody needs an invitation.',
  invite: 'Each invitation is good for one registration.',
  closed: 'Nobody may register here.',
} as const

/** Which invitations there are, and a new one. */
export const Invitations = ({ entries }: { readonly entries: number | undefined }) => {
  const { value, error, again } = useAnswer<Answer>('/v1/admin/invitations')
  useEffect(again, [entries])
  const made = useSignal<Made | undefined>(undefined)
  const rows = useComputed<readonly Invitation[]>(() => value.value?.invitations ?? [])
  const registration = value.value?.registration
  return (
    <section class="card">
      <h2>Invitations</h2>
      {registration && <p class="lead">{WORDS[registration]}</p>}
      {registration === 'invite' && (
        <>
          <Grid
            label="Invitations"
            id="invitations"
            rows={rows}
            keyOf={({ digest }) => digest}
            columns={COLUMNS}
            height={196}
            empty="the configuration has none"
          />
          <div class="fields">
            <button type="button" class="tool" onClick={async () => (made.value = await make())}>
              Make an invitation
            </button>
          </div>
        </>
      )}
      {error.value && <p class="empty">{error.value.message}</p>}
      {made.value && (
        <dl class="facts below">
          <dt>For the client, good once</dt>
          <dd class="mono whole">{made.value.invitation}</dd>
          <dt>For the configuration, under “invites”</dt>
          <dd class="mono whole">{made.value.digest}</dd>
        </dl>
      )}
    </section>
  )
}
