import type { Explained } from '../explanation.ts'

/** Computes a formula as its documentation says, from inputs by their names. Throws an Error if it names what no input has. */
export const evaluated = (formula: string, inputs: readonly Explained[]): number => {
  const tokens = formula.match(/[A-Za-z_][\w.:-]*|Σ|\d+(?:\.\d+)?|[+−×÷(),]/g) ?? []
  if (tokens.join('') !== formula.replaceAll(' ', '')) throw new Error(`${formula}: cannot be read`)
  let at = 0
  const numberOf = ({ value }: Explained): number => Number(value)
  const named = (name: string): number[] => {
    const exact = inputs.filter(input => input.name === name)
    const found = exact.length > 0 ? exact : inputs.filter(input => input.name.startsWith(`${name}.`))
    return found.map(numberOf)
  }
  const functions: Record<string, (values: number[]) => number> = {
    Σ: values => values.reduce((sum, value) => sum + value, 0),
    max: values => Math.max(...values),
    min: values => Math.min(...values),
    abs: ([value]) => Math.abs(value!),
    sqrt: ([value]) => Math.sqrt(value!),
  }
  const factor = (): number => {
    const token = tokens[at++]!
    if (token === '(') {
      const value = sum()
      at += 1
      return value
    }
    if (/^\d/.test(token)) return Number(token)
    if (functions[token] && tokens[at] === '(') {
      const values: number[] = []
      do {
        at += 1
        // A name that stands alone may be that of several.
        const alone = /^[A-Za-z_]/.test(tokens[at]!) && [',', ')'].includes(tokens[at + 1]!)
        if (alone) values.push(...named(tokens[at++]!))
        else values.push(sum())
      } while (tokens[at] === ',')
      at += 1
      return functions[token](values)
    }
    const [value, ...others] = named(token)
    if (value === undefined || others.length > 0)
      throw new Error(`${formula}: found ${others.length + (value === undefined ? 0 : 1)} inputs named ${token}`)
    return value
  }
  const product = (): number => {
    let value = factor()
    while (tokens[at] === '×' || tokens[at] === '÷') value = tokens[at++] === '×' ? value * factor() : value / factor()
    return value
  }
  const sum = (): number => {
    let value = product()
    while (tokens[at] === '+' || tokens[at] === '−') value = tokens[at++] === '+' ? value + product() : value - product()
    return value
  }
  const value = sum()
  if (at !== tokens.length) throw new Error(`${formula}: goes on after ${tokens.slice(0, at).join(' ')}`)
  return value
}
