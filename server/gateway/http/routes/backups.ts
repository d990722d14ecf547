import { z } from 'zod'
import { answer, type Route } from '../route.ts'

/** The newest backup of a server. */
export type BackupState = z.infer<typeof STATE>

const STATE = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('none') }),
  z.strictObject({ state: z.literal('making'), name: z.string() }),
  z.strictObject({ state: z.literal('made'), name: z.string(), path: z.string(), entries: z.int(), hash: z.string(), bytes: z.int() }),
  z.strictObject({ state: z.literal('failed'), name: z.string(), why: z.string() }),
])

/** What makes backups. */
export interface BackupServices {
  readonly backups: {
    /** Begins a backup on the server's own disk, and returns its name. Throws a ProtocolError, `too_much`, while another is made. */
    begin(now: Date): string
    readonly state: BackupState
  }
}

/** Backups, which hold passwords' hashes and tokens: for the admin alone. */
export const BACKUP_ROUTES: readonly Route<BackupServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/backups',
    who: 'admin',
    summary: "Begins a backup in the server's data directory: journal, credentials, spool and, if it is embedded, ClickHouse",
    gives: answer('BackupBegun', z.strictObject({ name: z.string() })),
    handler: async (c, { backups }) => c.json({ name: backups.begin(new Date()) }),
  },
  {
    method: 'get',
    path: '/v1/admin/backups',
    who: 'admin',
    summary: 'The newest backup since the start of the server: being made, made, or not made and why',
    gives: answer('NewestBackup', STATE),
    handler: async (c, { backups }) => c.json(backups.state),
  },
]
