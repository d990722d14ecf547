import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Journal } from '../journal/journal.ts'
import { Desk, type News, type Request } from './desk.ts'

/** The thread in which the clearing house works: whatever has come while a commit ran is the next one. */

export interface ThreadOptions {
  readonly file: string
  readonly repair: boolean
}

/** Requests, which are answered in their order; or the end. */
export type ToThread = readonly Request[] | 'close'

export type FromThread =
  | { readonly opened: { readonly id: string; readonly seq: number } }
  | { readonly fatal: string }
  | { readonly answers: readonly unknown[]; readonly news: News | undefined; readonly seq: number }
  | { readonly refused: number; readonly why: string }

/** Requests of one commit; more wait for the next. */
const BATCH = 1_000

const port = parentPort!
const say = (message: FromThread): void => port.postMessage(message)

const open = (): { journal: Journal; desk: Desk } | undefined => {
  const { file, repair } = workerData as ThreadOptions
  try {
    const journal = new Journal(file, repair)
    const desk = new Desk(journal)
    say({ opened: { id: journal.id, seq: journal.seq } })
    return { journal, desk }
  } catch (error) {
    say({ fatal: (error as Error).message })
    return undefined
  }
}

const serve = ({ journal, desk }: { journal: Journal; desk: Desk }): void => {
  const run = (batch: readonly Request[]): void => {
    try {
      say({ ...desk.process(batch), seq: desk.seq })
    } catch (error) {
      say({ refused: batch.length, why: (error as Error).message })
    }
  }
  port.on('message', (first: ToThread) => {
    let closing = false
    const waiting: Request[] = []
    // All that has come by now, not one message a turn.
    for (let message: ToThread | undefined = first; message !== undefined; message = receiveMessageOnPort(port)?.message) {
      if (message === 'close') closing = true
      else waiting.push(...message)
    }
    for (let from = 0; from < waiting.length; from += BATCH) run(waiting.slice(from, from + BATCH))
    if (!closing) return
    try {
      desk.keep()
    } finally {
      journal.close()
      port.close()
    }
  })
}

const opened = open()
if (opened) serve(opened)
