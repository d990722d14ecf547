import fc from 'fast-check'

/**
 * Sets the seed of all random cases. A check of a change has to say the same of it each time, so the suite always tries the same cases;
 * `npm run test:long` looks for new ones. SEED takes a number, to try what another run found, or `random`.
 */
const { SEED = '20240808' } = process.env
if (SEED !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(SEED) })
