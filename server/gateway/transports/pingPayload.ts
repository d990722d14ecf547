const FORM = /^\d{1,16}$/

/** Returns the payload of a ping with a number. */
export const writePingPayload = (mark: number): string => String(mark)

/** Returns the number in a pong's payload; undefined if it cannot be one of ours. */
export const readPingPayload = (payload: string): number | undefined => {
  const mark = FORM.test(payload) ? Number(payload) : undefined
  return mark !== undefined && Number.isSafeInteger(mark) ? mark : undefined
}
