/** Resolves when the text is on its way, so that no more waits than was read. Rejects with EPIPE if nobody reads any more. */
export const say = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, error => (error ? reject(error) : resolve()))
  })

/** Does something that calls `say`. The reader of a pipe may close it early: that ends it, and is no failure. */
export const saying = async (act: () => Promise<void>): Promise<void> => {
  const reported = (): void => {}
  process.stdout.on('error', reported)
  try {
    await act()
    process.stdout.off('error', reported)
  } catch (error) {
    // The stream reports it once more, after this: that has to be heard.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
