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
  page(
    /^\/funds\/([^/]+)$/,
    id => id,
    async () => (await import('./fund/fund.tsx')).Fund,
    true,
  ),
  page(
    /^\/portfolios\/([^/]+)$/,
    id => id,
    async () => (await import('./portfolio/portfolio.tsx')).Portfolio,
    true,
  ),
  page(
    /^\/pools\/([^/]+)$/,
    id => id,
    async () => (await import('./pool/pool.tsx')).Pool,
    true,
  ),
  page(
    /^\/market\/([^/]+)$/,
    id => id,
    async () => (await import('./market/market.tsx')).Market,
    true,
  ),
  page(
    /^\/alerts$/,
    () => 'Alerts',
    async () => (await import('./alerts/alerts.tsx')).Alerts,
  ),
  page(
    /^\/analytics$/,
    () => 'Analytics',
    async () => (await import('./analytics/ranking.tsx')).Ranking,
    true,
  ),
  page(
    /^\/analytics\/([^/]+)$/,
    id => id,
    async () => (await import('./analytics/asset.tsx')).Asset,
    true,
  ),
  page(
    /^\/models(?:\/([0-9a-f]+))?$/,
    id => (id === '' ? 'Models' : `Model ${id.slice(0, 12)}`),
    async () => (await import('./models/models.tsx')).Models,
  ),
  page(
    /^\/allocate$/,
    () => 'Allocation',
    async () => (await import('./allocate/allocate.tsx')).Allocate,
  ),
  page(
    /^\/contract(?:\/([^/]+\/[^/]+))?$/,
    id => (id === '' ? 'Contract' : `Contract ${id}`),
    async () => (await import('./contract/contract.tsx')).Contract,
  ),
  page(
    /^\/orders$/,
    () => 'Orders',
    async () => (await import('./orders.tsx')).Orders,
  ),
  page(
    /^\/operate$/,
    () => 'Operate',
    async () => (await import('./operate/operate.tsx')).Operate,
  ),
  page(
    /^\/system$/,
    () => 'System',
    async () => (await import('./system.tsx')).System,
    true,
  ),
  page(
    /^\/api$/,
    () => 'API',
    async () => (await import('./api/http.tsx')).HttpApi,
  ),
  page(
    /^\/api\/socket$/,
    () => 'API: websocket',
    async () => (await import('./api/socket.tsx')).SocketApi,
  ),
  page(
    /^\/sign-in$/,
    () => 'Sign in',
    async () => (await import('./signIn.tsx')).SignIn,
  ),
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
