/** Whether a page of this origin was served by the server at `url`. */
export const isOwn = (origin: string, { host }: URL): boolean => URL.canParse(origin) && new URL(origin).host === host

/**
 * Whether the host of a request is a name of this machine, or one of `hosts`. A server that only this machine can reach must be
 * addressed so: otherwise a page whose name resolves to this machine (DNS rebinding) would pass for the server's own, both to the
 * browser and to `isOwn`.
 */
export const isNamedHere = ({ hostname, host }: URL, hosts: ReadonlySet<string>): boolean => LOCAL_NAME.test(hostname) || hosts.has(host)

const LOCAL_NAME = /^(localhost|([^.]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])$/
