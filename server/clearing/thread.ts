import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Journal } from '../journal/journal.ts'
import { Desk, type News, type Request } from './desk.ts'

/** The thread in which the clearing house works: whatever has come while a commit ran is the next one. */

export interface ThreadOptions {
  readonly file: string
  readonly repair: boolean
}

/** Requests with the numbers under which they are answered; or the end. */
export type ToThread = readonly (readonly [id: number, request: Request])[] | 'close'

export type FromThread =
  | { readonly opened: { readonly id: string; readonly seq: number } }
  | { readonly fatal: string }
  | { readonly answers: readonly (readonly [id: number, answer: unknown])[]; readonly news: News; readonly seq: number }
  | { readonly refused: readonly number[]; readonly why: string }

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
  const run = (batch: readonly (readonly [number, Request])[]): void => {
    try {
      const { answers, news } = desk.process(batch.map(([, request]) => request))
      say({ answers: batch.map(([id], i) => [id, answers[i]]), news, seq: desk.seq })
    } catch (error) {
      say({ refused: batch.map(([id]) => id), why: (error as Error).message })
    }
  }
  port.on('message', (first: ToThread) => {
    let closing = false
    const waiting: (readonly [number, Request])[] = []
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
