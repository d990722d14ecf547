import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'

/** Asks on standard error and returns the line that is typed; '' at the end of the input. */
export const ask = (question: string, input: NodeJS.ReadStream): Promise<string> => {
  process.stderr.write(question)
  return oneLine(createInterface({ input, terminal: false }))
}

/** Asks likewise, and a terminal does not show what is typed. From a pipe it reads a line without asking. */
export const askHidden = async (question: string, input: NodeJS.ReadStream): Promise<string> => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  // It makes the terminal silent: only then is the question asked, or a fast typist would see the first letters.
  const lines = createInterface({ input, output: silent, terminal: input.isTTY === true })
  if (input.isTTY) process.stderr.write(question)
  const line = await oneLine(lines)
  if (input.isTTY) process.stderr.write('\n')
  return line
}

const oneLine = (lines: Interface): Promise<string> =>
  new Promise(resolve => {
    lines.once('line', line => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => resolve(''))
    // A raw terminal gives Ctrl-C as a character. It is no answer.
    lines.once('SIGINT', () => process.exit(130))
  })
