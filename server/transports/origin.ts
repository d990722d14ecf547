/** Whether a page of this origin was served by whoever is addressed at `url`. */
export const isOwn = (origin: string, { host }: URL): boolean => URL.canParse(origin) && new URL(origin).host === host
