import type { Journal, JournalCopying } from '../journal/journal.ts'
import type { JournalCopied } from './port.ts'

/** The copy of the journal that is being made, one at a time. A disk that does not take it stops the copy, and no order. */
export class JournalCopies {
  private readonly journal: Pick<Journal, 'copying'>
  private running: { readonly file: string; readonly copying: JournalCopying } | undefined

  constructor(journal: Pick<Journal, 'copying'>) {
    this.journal = journal
  }

  /** Copies for some ms into a file, from the beginning if the last step was into another one. */
  step(file: string): JournalCopied {
    try {
      if (this.running?.file !== file) {
        this.abandon()
        this.running = { file, copying: this.journal.copying(file) }
      }
      const copied = this.running.copying.step()
      if (copied === undefined) return 'more'
      this.running = undefined
      return copied
    } catch (error) {
      this.abandon()
      return { failed: (error as Error).message }
    }
  }

  private abandon(): void {
    this.running?.copying.abandon()
    this.running = undefined
  }
}
