/**
 * Returns how many random cases a test tries: `few` in the suite, which has to be quick, times the environment's EFFORT. `npm run test:long`
 * tries ten times as many.
 */
export const tries = (few: number): number => few * Number(process.env.EFFORT ?? 1)

/** Whether the tests look for new cases: each may take its time. */
export const isLong = process.env.EFFORT !== undefined
