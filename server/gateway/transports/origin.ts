/** Whether a page of this origin was served by whoever is addressed at `url`. */
export const isOwn = (origin: string, { host }: URL): boolean => URL.canParse(origin) && new URL(origin).host === host

/**
 * Whether a request may bear this host. A server that only this machine can reach is addressed by a name of this machine: a page of
 * another name that has itself resolved to here (DNS rebinding) would pass for the server's own, to a browser and to `isOwn`.
 * `hosts` are names beside these under which it is known.
 */
export const isNamedHere = ({ hostname, host }: URL, hosts: ReadonlySet<string>): boolean => LOCAL_NAME.test(hostname) || hosts.has(host)

const LOCAL_NAME = /^(localhost|([^.]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])$/
