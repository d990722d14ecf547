import { names } from '../../live/names.ts'
import { session } from '../../live/session.ts'
import type { PageProps } from '../page.ts'
import { Audit } from './audit.tsx'
import { Funding } from './funding.tsx'
import { Halt } from './halt.tsx'

/** What operators do: deposits and withdrawals, halting funds, reading the journal. */
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
  return (
    <>
      <div class="title">
        <h1>Operate</h1>
      </div>
      <div class="halves">
        <Funding />
        <Halt funds={names.value?.funds ?? []} />
      </div>
      <Audit />
    </>
  )
}
