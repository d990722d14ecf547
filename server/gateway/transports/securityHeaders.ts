/** What every answer says unless it says something else itself: it is no page, nobody frames it, and nobody keeps it. */
const BY_DEFAULT: readonly (readonly [string, string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
]

/** Browsers that have come by TLS once come by nothing else for a year. */
const STRICT = ['strict-transport-security', 'max-age=31536000'] as const

/** Returns the headers that an answer gets beside its own. `overTls`: clients come by TLS, to this server or to a proxy in front. */
export const securityHeaders = (own: Headers, overTls: boolean): (readonly [string, string])[] => {
  const added = BY_DEFAULT.filter(([name]) => !own.has(name))
  // A page says by its policy who may frame it.
  if (!own.has('content-security-policy')) added.push(['x-frame-options', 'DENY'])
  return overTls ? [...added, STRICT] : added
}
