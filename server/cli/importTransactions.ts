import { csvFields } from '../../streams/lib/csv.ts'
import { BadRow, type Transaction, transactionReader, writeTransaction } from '../../streams/pnl/transaction.ts'
import { UsageError } from '../config/options.ts'
import type { RecordAnswer } from '../gateway/api/portfolioRows.ts'
import { checkedRow, RowIds, whyBad } from '../gateway/api/transactionRows.ts'
import { blocksOf } from '../lib/blocks.ts'
import { type RunningServer, ServerError } from './server.ts'
import { walletReader } from './wallet.ts'

/** The result of importing a file. */
export interface Imported {
  accepted: number
  known: number
  refused: number
}

interface Row {
  /** Of the file, from 1 on. */
  readonly line: number
  readonly text: string
}

/** A piece is sent when it has either. */
const ROWS = 5_000
const CHARACTERS = 1024 * 1024
/** The number of different rows without an id within which equal ones are told apart. */
const APART = 100_000

/**
 * Sends a file of transactions, or of a wallet's transfers, into a portfolio, a piece at a time. `bad` is called for each row that does
 * not go in, in no strict order. Throws UsageError if the file is none of these, ServerError if the server refuses it.
 */
export const importTransactions = async (
  file: string,
  portfolio: string,
  server: RunningServer,
  imported: Imported,
  bad: (line: number, why: string) => void,
): Promise<void> => {
  const path = `/v1/portfolios/${encodeURIComponent(portfolio)}/transactions`
  const ids = new RowIds(APART)
  const refuse = (line: number, why: string): void => {
    imported.refused += 1
    bad(line, why)
  }

  const send = async (rows: readonly Row[]): Promise<void> => {
    if (rows.length === 0) return
    let answer: RecordAnswer
    try {
      answer = await server.post<RecordAnswer>(path, 'application/x-ndjson', rows.map(({ text }) => text).join('\n'))
    } catch (error) {
      // The server takes less at once than others do.
      if (!(error instanceof ServerError && error.status === 413 && rows.length > 1)) throw error
      const half = rows.length >> 1
      await send(rows.slice(0, half))
      await send(rows.slice(half))
      return
    }
    imported.accepted += answer.accepted
    imported.known += answer.known
    for (const { row, why } of answer.refused) refuse(rows[row - 1]!.line, why)
  }

  let read: ((fields: readonly string[]) => Transaction) | undefined
  let piece: Row[] = []
  let characters = 0
  for await (const { first, lines } of fileOf(file)) {
    for (const [i, line] of lines.entries()) {
      if (line.trim() === '') continue
      if (read === undefined) {
        read = readerOf(file, line, ids)
        continue
      }
      try {
        const text = JSON.stringify(writeTransaction(ids.named(checkedRow(read(csvFields(line))))))
        piece.push({ line: first + i, text })
        characters += text.length
      } catch (error) {
        refuse(first + i, whyBad(error))
      }
      if (piece.length < ROWS && characters < CHARACTERS) continue
      await send(piece)
      piece = []
      characters = 0
    }
  }
  if (read === undefined) throw new UsageError(`${file}: found an empty file, expected ${EXPECTED}`)
  await send(piece)
}

const EXPECTED = 'a transactions file (t,type,asset,qty …) or the transfers of a wallet (tx_hash,timestamp,kind,asset,signed_amount …)'

/** Yields the lines of a file. Throws UsageError if it cannot be read. */
export const fileOf = async function* (file: string): ReturnType<typeof blocksOf> {
  try {
    yield* blocksOf(file)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new UsageError(`${file}: found ${(error as NodeJS.ErrnoException).code}, expected a file that can be read`)
    throw error
  }
}

const readerOf = (file: string, header: string, ids: RowIds): ((fields: readonly string[]) => Transaction) => {
  const wallet = walletReader(header, ids)
  if (wallet) return wallet
  try {
    return transactionReader(csvFields(header.replace(/^\uFEFF/, '')))
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    throw new UsageError(`${file}: ${whyBad(error)}; expected ${EXPECTED}`)
  }
}
