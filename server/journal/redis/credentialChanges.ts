import type { CredentialStore, StoredToken, User } from '../../identity/credentialStore.ts'
import { JournalError } from '../journalError.ts'

/** What a commit changes of the credentials. Each says how something is afterwards, so a run of them may be repeated from any place on. */
export type CredentialChange =
  | { readonly user: User }
  | { readonly token: StoredToken }
  | { readonly ended: readonly string[] }
  | { readonly used: string }
  | { readonly unused: string }

/** Makes changes in a store. Throws JournalError if it has another password for a user. */
export const applyChanges = (store: CredentialStore, changes: readonly CredentialChange[]): void => {
  for (const change of changes) {
    if ('user' in change) addUser(store, change.user)
    else if ('token' in change) store.putToken(change.token)
    else if ('ended' in change) store.removeTokens(change.ended)
    else if ('used' in change) store.useInvite(change.used)
    else store.giveInviteBack(change.unused)
  }
}

const addUser = (store: CredentialStore, user: User): void => {
  const known = store.hashOf(user.name)
  if (known === undefined) store.addUser(user)
  else if (known !== user.hash) throw new JournalError(`found another password of "${user.name}" than in Redis, expected the same`)
}
