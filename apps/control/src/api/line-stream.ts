import type { ServerResponse } from 'node:http'

/** A source that has given nothing for so long is quiet, not broken, ms. */
const quietMs = 500

/**
 * Ask a source for its first item, so that what fails at once can still be answered by a problem document.
 * @returns all of its items
 * @throws what the source throws before its first item, unless it takes longer than that
 */
export async function begun<T>(source: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = source[Symbol.asyncIterator]()
  const first = iterator.next()
  let timer: NodeJS.Timeout | undefined
  const quiet = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, quietMs)
  })
  await Promise.race([first, quiet]).finally(() => clearTimeout(timer))
  // Whoever reads on is told; until then it is nobody's.
  first.catch(() => {})
  return rest(first, iterator)
}

async function* rest<T>(first: Promise<IteratorResult<T>>, iterator: AsyncIterator<T>): AsyncGenerator<T, void, undefined> {
  try {
    for (let item = await first; item.done !== true; item = await iterator.next()) yield item.value
  } finally {
    await iterator.return?.()
  }
}

/** An empty line so often keeps a reader's time limit from taking a quiet source for a dead one, ms. */
const heartbeatMs = 15_000

/** JSON Lines on one response, as slowly as they are read. Ends when the source does or the reader goes. */
export async function streamLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  onError: (error: unknown) => void,
  beatMs = heartbeatMs,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  response.flushHeaders()
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write('\n')
  }, beatMs)
  try {
    for await (const line of lines) {
      if (response.destroyed) break
      if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response)
    }
    response.end()
  } catch (error) {
    if (!response.destroyed) onError(error)
    // Cut off, so that the reader can tell it from the end.
    response.destroy()
  } finally {
    clearInterval(heartbeat)
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((go) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      go()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
