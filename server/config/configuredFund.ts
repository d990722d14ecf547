/** The facts about a fund that only the configuration has. A member that it does not state is undefined. */
export interface ConfiguredFund {
  readonly id: string
  readonly name: string
  /** The greatest weight of a member, as a fraction. */
  readonly cap: number | undefined
  /** The drift of one asset above which the fund rebalances, as a fraction. */
  readonly threshold: number | undefined
}
