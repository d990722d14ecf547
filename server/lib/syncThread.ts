import { MessageChannel, type MessagePort, receiveMessageOnPort, type TransferListItem, Worker, workerData } from 'node:worker_threads'

/** What a thread that answers synchronous questions gets with its start. */
interface Start<D> {
  readonly data: D
  readonly port: MessagePort
  readonly answered: Int32Array
}

/** The number in `answered` once the thread has ended. */
const ENDED = -1

/**
 * A thread with an event loop of its own, of which a thread that has none to spare asks one thing at a time and waits for the answer. The message
 * is the usual one; what wakes the caller is a cell of shared memory.
 */
export class SyncThread<Ask, Answer> {
  /** The thread, for messages that nobody has asked for. */
  readonly worker: Worker
  private readonly port: MessagePort
  private readonly answered: Int32Array

  /** Starts a compiled file, which calls `answerSync`. */
  constructor(file: string, data: unknown) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.answered = new Int32Array(new SharedArrayBuffer(4))
    const start: Start<unknown> = { data, port: port2, answered: this.answered }
    const transferList: TransferListItem[] = [port2]
    this.worker = new Worker(file, { workerData: start, transferList })
    this.worker.unref()
    port1.unref()
  }

  /** Asks, and waits for the answer. Throws what the thread's work has thrown, or that it has ended. */
  ask(ask: Ask): Answer {
    const before = Atomics.load(this.answered, 0)
    if (before !== ENDED) {
      this.port.postMessage(ask)
      Atomics.wait(this.answered, 0, before)
    }
    const received = receiveMessageOnPort(this.port) as { message: { answer: Answer } | { failed: string } } | undefined
    if (received === undefined) throw new Error('the thread has ended')
    if ('failed' in received.message) throw new Error(received.message.failed)
    return received.message.answer
  }

  /** Ends the thread. */
  async end(): Promise<void> {
    Atomics.store(this.answered, 0, ENDED)
    this.port.close()
    await this.worker.terminate()
  }
}

/** Answers the questions of a `SyncThread`, one at a time. `open` gets its data. */
export const answerSync = <D, Ask, Answer>(open: (data: D) => (ask: Ask) => Promise<Answer>): void => {
  const { data, port, answered } = workerData as Start<D>
  const wake = (cell: number): void => {
    Atomics.store(answered, 0, cell)
    Atomics.notify(answered, 0)
  }
  process.on('exit', () => wake(ENDED))
  const work = open(data)
  port.on('message', async (ask: Ask) => {
    try {
      port.postMessage({ answer: await work(ask) })
    } catch (error) {
      port.postMessage({ failed: (error as Error).message })
    }
    wake((Atomics.load(answered, 0) + 1) & 0x7fffffff)
  })
}
