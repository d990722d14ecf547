/** A step from one form of the database to the next. Once released it never changes: what comes after is a new one. */
export interface Migration {
  readonly id: number
  readonly name: string
  /**
   * The oldest version, by its newest migration, that may go on using the database after this one: nothing that it reads or writes was taken away or
   * has another type. Undefined: only those that know this migration.
   */
  readonly usableFrom?: number
  /** Each can be run twice, because a kill may come between any two. `database` is quoted already. */
  statements(database: string): readonly string[]
}

/**
 * A retried batch is dropped by its token, in a view's target as in the table itself: the window counts parts, so it has to
 * hold those of one batch, a part for each month in it. What has been acknowledged or merged survives a loss of power.
 */
export const SAFE =
  'non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1'
