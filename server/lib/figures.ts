/** A nested set of figures by name, as a part of the server gives them of itself. */
export interface Figures {
  readonly [key: string]: number | string | boolean | undefined | Figures
}
