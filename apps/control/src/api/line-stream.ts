import type { ServerResponse } from 'node:http'

/** JSON Lines on one response, as slowly as they are read. Ends when the source does or the reader goes. */
export async function streamLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  response.flushHeaders()
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
