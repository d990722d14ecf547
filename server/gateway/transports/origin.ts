/**
 * Returns whether a page of this origin was served by the server at `url`: the two origins are the same text. If a proxy in front speaks TLS
 * (`behindTls`), the page came by https although the request comes by http.
 */
export const isOwn = (origin: string, url: URL, behindTls: boolean): boolean =>
  origin === url.origin || (behindTls && origin === new URL(`https://${url.host}`).origin)

/**
 * Whether the host of a request is a name of this machine, or one of `hosts`. A server that only this machine can reach must be
 * addressed so: otherwise a page whose name resolves to this machine (DNS rebinding) would pass for the server's own, both to the
 * browser and to `isOwn`.
 */
export const isNamedHere = ({ hostname, host }: URL, hosts: ReadonlySet<string>): boolean => LOCAL_NAME.test(hostname) || hosts.has(host)

const LOCAL_NAME = /^(localhost|([^.]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Returns whether the host of a request is an IP address: no name of somebody else's can resolve to this server then. */
export const isAddress = ({ hostname }: URL): boolean => /^(\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/.test(hostname)
