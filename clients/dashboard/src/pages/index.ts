import { type Signal, signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { Overview } from './overview.tsx'
import type { PageProps } from './page.ts'

/** A page, loaded when it is first opened. */
export interface Page {
  /** The pattern of its path; a group is the id. */
  readonly path: RegExp
  readonly title: (id: string) => string
  readonly load: () => Promise<ComponentType<PageProps>>
  /** May be shown under /embed. */
  readonly embeds?: true
  readonly loaded: Signal<ComponentType<PageProps> | undefined>
}

const page = (path: RegExp, title: Page['title'], load: Page['load'], embeds?: true): Page => ({
  path,
  title,
  load,
  loaded: signal(undefined),
  ...(embeds && { embeds }),
})

const OVERVIEW: Page = { path: /^\/$/, title: () => 'Overview', load: async () => Overview, loaded: signal(Overview), embeds: true }

/** All pages. */
const PAGES: readonly Page[] = [
  OVERVIEW,
  page(/^\/funds\/([^/]+)$/, id => id, async () => (await import('./fund/fund.tsx')).Fund, true),
]

/** A page at its path. */
export interface Found extends PageProps {
  readonly page: Page
}

/** Returns the page at a path; undefined if there is none. */
export const pageAt = (path: string): Found | undefined => {
  const embedded = /^\/embed(\/|$)/.test(path)
  const inner = embedded ? path.slice('/embed'.length) || '/' : path
  for (const page of PAGES) {
    const found = page.path.exec(inner)
    if (found && (!embedded || page.embeds)) return { page, id: decodeURIComponent(found[1] ?? ''), embedded }
  }
  return undefined
}
