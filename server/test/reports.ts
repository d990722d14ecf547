import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where they are, a folder each. */
export const reportsFolder: string = fileURLToPath(new URL('../../../shared/cases/reports', import.meta.url))

/** Whether the cases made of reports of users are there; they stand beside the project and not in it. A test that needs them is skipped if not. */
export const haveReports: boolean = existsSync(reportsFolder)

/** Returns the path of a file of a case: `reportFile('r04-newest-first-export', 'tx.csv')`. */
export const reportFile = (id: string, name: string): string => join(reportsFolder, id, name)
