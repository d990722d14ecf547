import { describe, expect, it } from 'vitest'
import { checked } from '../../wire/explain.ts'
import { Random } from '../random.ts'
import { rowsOf, tableOf } from './featureTable.ts'
import { contributionsOf, FITS, MODEL_NAMES, type Model, predict } from './model.ts'
import { formText, modelForm } from './modelForm.ts'

const random = new Random(2)
const rows = Array.from({ length: 400 }, () => Array.from({ length: 6 }, () => (random.unit() < 0.1 ? null : random.unit() - 0.5)))
const table = tableOf(rows)
const targets = Float64Array.from(rows, row => (row[0] ?? 0) + (row[1] ?? 0) ** 2 + 0.1 * random.unit())
const fitted = Object.fromEntries(MODEL_NAMES.map(name => [name, FITS[name](table, targets, 1)])) as Record<
  (typeof MODEL_NAMES)[number],
  Model
>
const read = (text: string): Model => checked(modelForm(6), JSON.parse(text), 'model')

describe.each(MODEL_NAMES)('the model %s', name => {
  const model = fitted[name]

  it('is the same byte for byte for the same data and seed', () => {
    expect(formText(FITS[name](table, targets, 1))).toBe(formText(model))
  })

  it('says the same after it was kept', () => {
    const text = formText(model)
    expect(predict(read(text), table)).toEqual(predict(model, table))
    expect(formText(read(text))).toBe(text)
  })

  it('has contributions that add up to what it says, and none from what a linear model or a net does not know', () => {
    const said = predict(model, table)
    for (let row = 0; row < 30; row++) {
      const values = rowsOf(table, [row]).columns.map(column => column[0]!)
      const { parts, expectation } = contributionsOf(model, values)
      expect(parts.reduce((sum, part) => sum + part, expectation)).toBeCloseTo(said[row]!, 9)
      if (name === 'linear' || name === 'net') values.forEach((value, f) => void (Number.isNaN(value) && expect(parts[f]).toBe(0)))
    }
  })

  it('explains the target better than its mean', () => {
    const said = predict(model, table)
    const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length
    const squares = (of: (row: number) => number): number => targets.reduce((sum, target, row) => sum + (target - of(row)) ** 2, 0)
    expect(squares(row => said[row]!)).toBeLessThan(0.95 * squares(() => mean))
  })
})

describe('a model that is not of the form', () => {
  const tree = {
    feature: [0, -1, -1],
    threshold: [0, 0, 0],
    missingLeft: [0, 0, 0],
    left: [1, -1, -1],
    right: [2, -1, -1],
    value: [0, 1, 2],
    cover: [4, 2, 2],
  }
  const trees = (part: object): object => ({ kind: 'forest', loss: 'squared', base: 0, trees: [{ ...tree, ...part }] })

  it.each([
    [{ kind: 'oracle' }, 'model.kind: found "oracle"'],
    [trees({ left: [0, -1, -1] }), 'expected children behind their node, within the tree'],
    [trees({ right: [3, -1, -1] }), 'expected children behind their node, within the tree'],
    [trees({ value: [0, 1] }), 'expected columns of one length, at least 1'],
    [trees({ feature: [6, -1, -1] }), 'expected trees of 6 features'],
    [trees({ threshold: [null, 0, 0] }), 'model.trees.0.threshold.0: found null, expected number'],
    [{ ...JSON.parse(formText(fitted.linear)), weights: [1] }, 'expected 6 means and weights'],
    [{ ...JSON.parse(formText(fitted.net)), targetScale: 0 }, 'model.targetScale: found 0'],
    [
      { ...JSON.parse(formText(fitted.net)), layers: [{ inputs: 5, outputs: 1, weights: [1, 1, 1, 1, 1], biases: [0] }] },
      'layers that follow one another',
    ],
    [{ ...JSON.parse(formText(fitted.linear)), more: 1 }, 'model: found "more", which is not known here'],
  ])('is refused with one error: %o', (form, message) => {
    expect(() => read(JSON.stringify(form))).toThrow(message)
  })
})
