import { styleText } from 'node:util'

/** How a text may look on a terminal. */
export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Returns a text in a look. */
export type Paint = (look: Look, text: string) => string

/** Paints for a stream: only if it is a terminal that wants colours (NO_COLOR, FORCE_COLOR). */
export const paintFor =
  (stream: NodeJS.WritableStream): Paint =>
  (look, text) =>
    styleText(look, text, { stream, validateStream: true })

/** Paints nothing. */
export const PLAIN: Paint = (_look, text) => text
