import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One worked example of the field: where it comes from, what goes in, what must come out. Numbers are decimal strings. */
export interface Case {
  readonly id: string
  readonly area: string
  readonly source: string
  readonly input: unknown
  readonly expected: unknown
  /** How far a figure may be off, absolutely. */
  readonly tolerance: string
}

const file = fileURLToPath(new URL('../../../shared/cases/domain_cases.json', import.meta.url))

/** The worked examples, which stand beside the project and not in it; empty where they are not. */
export const cases: readonly Case[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []

/** A test that needs them is skipped where they are not. */
export const haveCases: boolean = cases.length > 0

/** What goes in, what must come out, and how near. */
export interface Worked<I, E> {
  readonly input: I
  readonly expected: E
  readonly tolerance: number
}

/** The case of that id, its members of the shapes the test knows them to have. Throws where there is none. */
export const worked = <I, E>(id: string): Worked<I, E> => {
  const found = cases.find(c => c.id === id)
  if (found === undefined) throw new Error(`no case "${id}" in ${file}`)
  return { input: found.input as I, expected: found.expected as E, tolerance: Number(found.tolerance) }
}
