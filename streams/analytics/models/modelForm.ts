import { z } from 'zod'
import type { Model } from './model.ts'

/** The form in which a model is kept: JSON, each list of figures as numbers, which JSON gives back to the last bit. */

const floats = z.array(z.number()).transform(values => Float64Array.from(values))
const integers = z.array(z.int32()).transform(values => Int32Array.from(values))

const TREE = z
  .strictObject({
    feature: integers,
    threshold: floats,
    missingLeft: z.array(z.literal([0, 1])).transform(values => Uint8Array.from(values)),
    left: integers,
    right: integers,
    value: floats,
    cover: floats,
  })
  .refine(({ feature, ...columns }) => feature.length > 0 && Object.values(columns).every(({ length }) => length === feature.length), {
    error: 'columns of one length, at least 1',
  })
  .refine(
    ({ feature, left, right }) =>
      feature.every((f, node) => f < 0 || [left, right].every(child => isBelow(child[node]!, node, feature.length))),
    { error: 'children behind their node, within the tree' },
  )

const isBelow = (child: number, node: number, nodes: number): boolean => child > node && child < nodes

const LAYER = z
  .strictObject({ inputs: z.int().positive(), outputs: z.int().positive(), weights: floats, biases: floats })
  .refine(({ inputs, outputs, weights, biases }) => weights.length === inputs * outputs && biases.length === outputs, {
    error: 'inputs × outputs weights and a bias for each output',
  })

const scale = z.number().positive()
const trees = { loss: z.enum(['squared', 'logistic']), base: z.number(), trees: z.array(TREE) }

/** A model as it is kept, for a number of features. */
export const modelForm = (features: number): z.ZodType<Model> =>
  z.discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('boosting'), ...trees })
      .refine(model => asksOnly(model, features), { error: `trees of ${features} features` }),
    z
      .strictObject({ kind: z.literal('forest'), ...trees })
      .refine(model => asksOnly(model, features), { error: `trees of ${features} features` }),
    z
      .strictObject({ kind: z.literal('ridge'), means: floats, weights: floats, center: z.number() })
      .refine(({ means, weights }) => means.length === features && weights.length === features, { error: `${features} means and weights` }),
    z
      .strictObject({
        kind: z.literal('net'),
        means: floats,
        scales: z.array(scale).transform(values => Float64Array.from(values)),
        layers: z.array(LAYER).min(1),
        targetMean: z.number(),
        targetScale: scale,
      })
      .refine(({ means, scales }) => means.length === features && scales.length === features, { error: `${features} means and scales` })
      .refine(({ layers }) => fits([features, ...layers.map(({ outputs }) => outputs)], layers), {
        error: `layers that follow one another, from ${features} inputs to one output`,
      }),
  ])

const asksOnly = ({ trees }: { readonly trees: readonly { readonly feature: Int32Array }[] }, features: number): boolean =>
  trees.every(({ feature }) => feature.every(f => f < features))

const fits = (widths: readonly number[], layers: readonly { readonly inputs: number }[]): boolean =>
  layers.every(({ inputs }, l) => inputs === widths[l]) && widths.at(-1) === 1

/** Returns JSON in which typed arrays are lists. The same value gives the same text on every engine. */
export const formText = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (ArrayBuffer.isView(member) ? Array.from(member as Float64Array) : member))
