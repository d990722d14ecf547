/**
 * What a position over the full range is worth beside the same tokens held, less one, after the price became `ratio` times what it
 * was: 2√r ÷ (1 + r) − 1, never above 0. Fees are left out.
 */
export const impermanentLoss = (ratio: number): number => (2 * Math.sqrt(ratio)) / (1 + ratio) - 1
