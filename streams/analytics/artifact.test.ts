import { describe, expect, it } from 'vitest'
import { readArtifact, trained } from './artifact.ts'
import { outcomesOf, panelOf } from './features/panel.ts'
import { SnapshotRecord } from './features/past.ts'
import { formText } from './models/modelForm.ts'
import { wandering } from './test/worlds.ts'

const record = new SnapshotRecord(wandering(30, 28, 1))
const panel = panelOf(record)
const artifact = trained({
  panel,
  outcomes: outcomesOf(record, panel, 1),
  plan: { firstTest: 16, refitEvery: 6, embargo: 0 },
  seed: 1,
  data: 'digest',
})
const text = formText(artifact)

describe('an artifact', () => {
  it('says the same after it was kept', () => {
    expect(formText(readArtifact(JSON.parse(text), 'file'))).toBe(text)
  })

  it('has models that were fitted on all outcomes that are past, and a validation of rows that no model had seen', () => {
    expect(artifact.rows).toBe(panel.rows)
    expect(artifact.validation.models.ensemble!.bySnapshot.map(({ t }) => t)).toEqual(panel.times.slice(16, 27))
    expect(Object.keys(artifact.validation.models)).toEqual(['linear', 'forest', 'boosting', 'net', 'ensemble'])
  })

  it.each([
    [{ form: 'driftwire-models/9' }, 'file.form: found "driftwire-models/9", expected "driftwire-models/1"'],
    [{ seed: 0.5 }, 'file.seed: found 0.5'],
    [{ features: ['size'] }, 'expected 1 means and weights'],
    [{ models: { ...artifact.models, net: undefined } }, 'file.models.net: found nothing'],
    [{ validation: null }, 'file.validation: found null'],
    [{ more: 1 }, 'file: found "more", which is not known here'],
  ])('that is not of the form is refused with one error: %o', (part, message) => {
    expect(() =>
      readArtifact(
        { ...JSON.parse(text), ...JSON.parse(formText(part)), ...('models' in part ? { models: JSON.parse(formText(part.models)) } : {}) },
        'file',
      ),
    ).toThrow(message)
  })
})
