import { signal } from '@preact/signals'

/** Where the page is: its path and its settings. */
export interface Place {
  readonly path: string
  readonly query: URLSearchParams
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) })

/** The page's place, as in the address bar. */
export const place = signal<Place>(here())

addEventListener('popstate', () => {
  place.value = here()
})

/** Goes to another page, and to its top. */
export const go = (href: string): void => {
  history.pushState(null, '', href)
  place.value = here()
  scrollTo(0, 0)
  document.getElementById('main')?.focus({ preventScroll: true })
}

/** Sets or removes a setting of the view in the address, without a new entry of the browser's history. */
export const setQuery = (name: string, value: string | undefined): void => {
  const query = new URLSearchParams(location.search)
  if (value === undefined || value === '') query.delete(name)
  else query.set(name, value)
  const text = query.toString()
  history.replaceState(null, '', location.pathname + (text && `?${text}`))
  place.value = here()
}

/** Returns a setting of the view; one that is not among the choices is the usual one. */
export const choice = <T extends string>(name: string, choices: readonly T[], usual: T = choices[0]!): T => {
  const value = place.value.query.get(name) as T | null
  return value !== null && choices.includes(value) ? value : usual
}

/** The server's own addresses, which a link opens as any other site's. */
const SERVERS = /^\/(v1|gecko|cmc|schema|openapi\.json|asyncapi\.json|metrics|healthz|readyz)(\/|$)/

/** Opens links within the dashboard without loading it again. */
export const interceptLinks = (): void => {
  document.addEventListener('click', event => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin || SERVERS.test(link.pathname)) return
    if (link.hash && link.pathname === location.pathname) return
    event.preventDefault()
    go(link.pathname + link.search)
  })
}
