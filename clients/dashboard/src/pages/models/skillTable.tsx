import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { signed, signedPercent } from '../../format/number.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { rangeText, type Skill } from './card.ts'

/** A score and its skill. */
interface Row {
  readonly name: string
  readonly skill: Skill
}

const share = (value: number): string => signedPercent(value, 1)

const COLUMNS: readonly Column<Row>[] = [
  { key: 'name', head: 'Score', width: 136, align: 'left', heading: true, show: ({ name }) => name, order: ({ name }) => name },
  {
    key: 'ic',
    head: 'IC',
    width: 80,
    show: ({ skill }) => ({ text: signed(skill.ic.mean, 3), why: 'mean over the months of the rank correlation of score and return' }),
    order: ({ skill }) => skill.ic.mean,
    raw: ({ skill }) => skill.ic.mean,
  },
  { key: 'range', head: 'IC, 95 %', width: 144, show: ({ skill }) => rangeText(skill.ic) },
  {
    key: 'longShort',
    head: 'Long − short',
    width: 104,
    show: ({ skill }) => ({
      text: share(skill.longShort.mean),
      why: 'return of the best third less that of the worst third, before costs',
    }),
    order: ({ skill }) => skill.longShort.mean,
    raw: ({ skill }) => skill.longShort.mean,
  },
  { key: 'longRange', head: 'Long − short, 95 %', width: 168, show: ({ skill }) => rangeText(skill.longShort, share) },
]

interface SkillTableProps {
  readonly label: string
  readonly id: string
  readonly skills: Readonly<Record<string, Skill>>
}

/** Skills beside each other. */
export const SkillTable = ({ label, id, skills }: SkillTableProps) => {
  const rows = useMemo(() => signal(Object.entries(skills).map(([name, skill]) => ({ name, skill }))), [skills])
  return <Grid label={label} id={id} rows={rows} keyOf={({ name }) => name} columns={COLUMNS} height={540} />
}
