import { BadRows } from './storedIndex.ts'

/**
 * The meaning of an insert's error. `rows`: it lies in the rows, and the next attempt would meet it again. `table`: it lies in the table or in
 * the statement; it comes and goes while an engine starts or is being changed, and only if it lasts nothing else will come of it. `later`:
 * anything else, such as an engine that is away, full or busy, however long that takes.
 */
export type Refusal = 'rows' | 'table' | 'later'

/** Codes of ClickHouse that say what is wrong with a row. */
const ROWS: ReadonlySet<string> = new Set([
  '6', // CANNOT_PARSE_TEXT
  '26', // CANNOT_PARSE_QUOTED_STRING
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '38', // CANNOT_PARSE_DATE
  '41', // CANNOT_PARSE_DATETIME
  '69', // ARGUMENT_OUT_OF_BOUND
  '72', // CANNOT_PARSE_NUMBER
  '117', // INCORRECT_DATA
  '130', // CANNOT_READ_ARRAY_FROM_TEXT
  '131', // TOO_LARGE_STRING_SIZE
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '407', // DECIMAL_OVERFLOW
  '469', // VIOLATED_CONSTRAINT
  '691', // UNKNOWN_ELEMENT_OF_ENUM
])

/** Codes that lie in the table or in the statement, and those that a cut answer or an engine that is still loading its tables gives, too. */
const TABLE: ReadonlySet<string> = new Set([
  '8', // THERE_IS_NO_COLUMN
  '10', // NOT_FOUND_COLUMN_IN_BLOCK
  '16', // NO_SUCH_COLUMN_IN_TABLE
  '33', // CANNOT_READ_ALL_DATA
  '47', // UNKNOWN_IDENTIFIER
  '53', // TYPE_MISMATCH
  '60', // UNKNOWN_TABLE
  '62', // SYNTAX_ERROR
  '81', // UNKNOWN_DATABASE
  '107', // FILE_DOESNT_EXIST
])

/** Returns what an error of an insert means. */
export const refusalOf = (error: unknown): Refusal => {
  const { code = '' } = error as { code?: string }
  // A row that cannot be put into words at all, such as one with a time that is none, never reaches the engine.
  const unspeakable = error instanceof RangeError || error instanceof TypeError
  if (error instanceof BadRows || unspeakable || code === 'ENOENT' || ROWS.has(code)) return 'rows'
  return TABLE.has(code) ? 'table' : 'later'
}
