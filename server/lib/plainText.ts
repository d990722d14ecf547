/** Shown for an unknown value. */
export const UNKNOWN = '—'

/** Characters that a terminal would obey instead of showing them: controls, and those that turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OBEYED = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Returns a text with its control characters written out, so that data cannot move the cursor or colour what follows. */
export const visible = (text: string): string =>
  text.replace(OBEYED, c => NAMED[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NARROW = /^[\x20-\x7e]*$/

/** Colours and the like, as `styleText` writes them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const LOOKS = /\x1b\[[0-9;]*m/g

/** Returns the columns that a text takes on a terminal: two for wide characters, none for marks that combine and for colours. */
export const widthOf = (text: string): number => {
  if (NARROW.test(text)) return text.length
  let width = 0
  for (const c of text.replace(LOOKS, '')) width += /\p{M}/u.test(c) ? 0 : WIDE.test(c) ? 2 : 1
  return width
}

/** Returns a text that takes at most `width` columns; one that is cut ends with `…`, and has no colours. */
export const cut = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  let kept = ''
  for (const c of text.replace(LOOKS, '')) {
    if (widthOf(kept + c) > width - 1) break
    kept += c
  }
  return width > 0 ? `${kept}…` : ''
}

/** Returns a text that takes at most `width` columns; one that is cut begins with `…`, and has no colours. */
export const cutBefore = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  let kept = ''
  for (const c of [...text.replace(LOOKS, '')].reverse()) {
    if (widthOf(c + kept) > width - 1) break
    kept = c + kept
  }
  return width > 0 ? `…${kept}` : ''
}

/** Returns a text filled with spaces to `width` columns. */
export const padded = (text: string, width: number, left: boolean): string => {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return left ? text + space : space + text
}

/** Returns parts, joined by `between`, in lines that take at most `width` columns. A part that alone takes more is cut. */
export const wrapped = (parts: readonly string[], width: number, between = ' · '): string[] => {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(last) + widthOf(part) + widthOf(between) <= width) lines[lines.length - 1] = last + between + part
    else lines.push(cut(part, width))
  }
  return lines
}

/** Returns a sentence in lines that take at most `width` columns. */
export const paragraph = (text: string, width: number): string[] => wrapped(text.split(' '), width, ' ')
