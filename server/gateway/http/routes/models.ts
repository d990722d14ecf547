import type { Estimate } from '../../../../streams/analytics/validation/bootstrap.ts'
import { ALIAS, ALIAS_WISH, MODEL_CARD, MODELS, type ModelList, TRAINED, TRAINING } from '../../../../streams/wire/answers/scores.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import type { Registry } from '../../../analytics/registry/registry.ts'
import type { Registered } from '../../../analytics/registry/registryStore.ts'
import { json, readBody } from '../body.ts'
import { inPath } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What models are read from, and made by. */
export interface ModelServices {
  readonly models: Registry
  /** Time of the newest frame, ms. */
  readonly eventTime: () => number
}

/** Trainings that are listed. */
const TRIALS = 100
const ALIASES = ['champion', 'challenger'] as const

const icOf = (model: Registered): Estimate => model.card.validation.models.ensemble!.ic

const listed = (models: Registry, model: Registered): ModelList['models'][number] => {
  const { version, simulated, made, card } = model
  const { horizon, from, to, seed, data, features } = card
  return {
    ...{ version, horizon, made, simulated, trainedFrom: from, trainedTo: to, seed, data, features: [...features], ic: icOf(model) },
    aliases: ALIASES.filter(name => models.used(name, horizon)?.version === version),
  }
}

const all: Handler<ModelServices> = async (c, { models }) =>
  c.json({
    models: models.list.map(model => listed(models, model)),
    history: models.history.map(({ name, horizon, t, version, who, why }) => ({ alias: name, horizon, t, version, who, why })),
    trials: (await models.trials(TRIALS)).map(({ horizon, t, seed, version, ic, low, high, warnings, who }) => ({
      ...{ horizon, t, seed, version, ic: { mean: ic, low, high }, warnings: [...warnings], who },
    })),
  } satisfies ModelList)

const one: Handler<ModelServices> = (c, { models }) => {
  const version = c.req.param('version')!
  const model = models.list.find(model => model.version === version)
  if (model === undefined) throw new ProtocolError('not_found', `found no model ${version.slice(0, 64)}`)
  const { rows, assets, validation } = model.card
  return c.json({ ...listed(models, model), rows, assets, validation })
}

const train: Handler<ModelServices> = async (c, { models, eventTime }) => {
  const wish = checked(TRAINING, await readBody(c), 'body')
  return c.json(await models.train({ ...wish, who: c.get('who').operator ?? 'admin', t: eventTime() }))
}

const alias: Handler<ModelServices> = async (c, { models, eventTime }) => {
  const wish = checked(ALIAS_WISH, await readBody(c), 'body')
  const given = await models.alias(wish.alias, c.req.param('version')!, {
    ...{ t: eventTime(), who: c.get('who').operator ?? 'admin', why: wish.why },
  })
  const { name, version, horizon, t, who, why } = given
  return c.json({ alias: name, version, horizon, t, who, why })
}

/** Models and what they are worth. */
export const MODEL_ROUTES: readonly Route<ModelServices>[] = [
  {
    method: 'get',
    path: '/v1/models',
    summary: 'All models, newest first, who made which of them champion or challenger when, and every training',
    who: 'all',
    gives: answer('ModelList', MODELS),
    handler: all,
  },
  {
    method: 'get',
    path: '/v1/models/:version',
    summary: 'What is known of a model: skill by snapshot beside the baselines, calibration, what it learnt from',
    who: 'all',
    takes: { parameters: [inPath('version', 'digest of its content')] },
    refuses: ['not_found'],
    gives: answer('ModelCard', MODEL_CARD),
    handler: one,
  },
]

/** What an admin does with models. */
export const TRAINING_ROUTES: readonly Route<ModelServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/models/train',
    summary: 'Trains a model on all that is known, and answers when it is done; the first is the champion, any other challenges it',
    who: 'admin',
    takes: { body: json(TRAINING) },
    refuses: ['not_ready'],
    gives: answer('TrainedModel', TRAINED),
    handler: train,
  },
  {
    method: 'post',
    path: '/v1/admin/models/:version/alias',
    summary: 'Makes a model the champion or the challenger of its horizon from now on',
    who: 'admin',
    takes: { parameters: [inPath('version', 'digest of its content')], body: json(ALIAS_WISH) },
    refuses: ['not_found'],
    gives: answer('Alias', ALIAS),
    handler: alias,
  },
]
