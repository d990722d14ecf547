/** What a page is given of its path. */
export interface PageProps {
  /** The last part of the path: the id of a fund, a symbol. */
  readonly id: string
  /** Shown alone, in another site's frame. */
  readonly embedded: boolean
}
