/** Resolves when the text is on its way, so that no more waits than was read. Rejects with EPIPE if nobody reads any more. */
export const say = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, error => (error ? reject(error) : resolve()))
  })

/** Does something that calls `say`. The reader of a pipe may close it early: that ends it, and is no failure. */
export const saying = async (act: () => Promise<void>): Promise<void> => {
  process.stdout.on('error', () => {})
  try {
    await act()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
