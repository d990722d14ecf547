/** The source of prices that name none, such as those of a file. */
export const UNNAMED_SOURCE = 'replay'
