/**
 * Returns what a position over the full range of an x·y = k pool is worth relative to the same tokens held, less one, after the price
 * became `ratio` times what it was: 2√r ÷ (1 + r) − 1, a share of one, never above zero. Fees are left out.
 */
export const impermanentLoss = (ratio: number): number => (2 * Math.sqrt(ratio)) / (1 + ratio) - 1
