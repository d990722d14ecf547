const FORM = /^\d{1,16}$/

/** The payload of a ping that bears a number. */
export const writePingPayload = (mark: number): string => String(mark)

/** The number in a pong's payload; undefined where it cannot be one of ours. */
export const readPingPayload = (payload: string): number | undefined => {
  const mark = FORM.test(payload) ? Number(payload) : undefined
  return mark !== undefined && Number.isSafeInteger(mark) ? mark : undefined
}
