import type { Figure, FigureSource } from './figure.ts'

interface Given extends Figure {
  present: boolean
  asNumber: number
  text: unknown
  changed: number
}

/** Figures that somebody gives by their paths. */
export class GivenFigures implements FigureSource {
  private readonly members = new Map<string, Given>()

  get empty(): boolean {
    return this.members.size === 0
  }

  find(path: string): Figure | undefined {
    return this.members.get(path)
  }

  /** Replaces all figures. */
  give(figures: Readonly<Record<string, number | string | boolean>>): void {
    for (const [path, member] of this.members) if (!Object.hasOwn(figures, path)) member.present = false
    for (const [path, value] of Object.entries(figures)) {
      const member = this.members.get(path) ?? { present: false, asNumber: Number.NaN, text: undefined, changed: 0 }
      this.members.set(path, member)
      if (member.text !== value) member.changed += 1
      Object.assign(member, { present: true, asNumber: Number(value), text: value })
    }
  }
}
