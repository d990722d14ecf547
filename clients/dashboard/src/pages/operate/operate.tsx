import { names } from '../../live/names.ts'
import { session } from '../../live/session.ts'
import type { PageProps } from '../page.ts'
import { Audit } from './audit.tsx'
import { Clients, useClients } from './clients.tsx'
import { useEntries } from './entries.ts'
import { Funding } from './funding.tsx'
import { Halt } from './halt.tsx'
import { Invitations } from './invitations.tsx'

/** What operators do: deposits and withdrawals, halting funds, looking after clients and invitations, reading the journal. */
export const Operate = (_: PageProps) => {
  if (!session.value?.admin)
    return (
      <>
        <h1>Operate</h1>
        <p class="lead">
          This page is for operators. <a href="/sign-in?way=token&to=/operate">Sign in with an operator’s token</a>
        </p>
      </>
    )
  return <Operator />
}

const Operator = () => {
  const entries = useEntries()
  const clients = useClients(entries.value)
  return (
    <>
      <div class="title">
        <h1>Operate</h1>
      </div>
      <div class="halves">
        <Funding clients={clients.rows} />
        <Halt funds={names.value?.funds ?? []} />
      </div>
      <div class="halves">
        <Clients {...clients} />
        <Invitations entries={entries.value} />
      </div>
      <Audit upTo={entries} />
    </>
  )
}
