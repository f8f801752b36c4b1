import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { StandinError } from './errors.ts'

export type ServerSentEvent = EventSourceMessage

export interface ReadOptions {
  /** A stream that says nothing for so long (ms), not even a heartbeat, is dead. */
  readonly silenceMs: number
  /** The one that the response was asked for with. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The events of one response, until it ends (WHATWG HTML, section 9.2). Leaving the loop closes the connection.
 * @throws StandinError `unreachable` when it breaks off or is silent for too long; the signal's reason
 */
export async function* readServerSentEvents(response: Response, options: ReadOptions): AsyncGenerator<ServerSentEvent, void, undefined> {
  if (response.body === null) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let events: ServerSentEvent[] = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  try {
    for (;;) {
      const chunk = await readWithin(reader, options)
      if (chunk.done) return
      parser.feed(decoder.decode(chunk.value, { stream: true }))
      if (events.length === 0) continue
      const batch = events
      events = []
      yield* batch
    }
  } finally {
    // The connection may be gone already; either way nothing is read from it any more.
    await reader.cancel().catch(() => undefined)
  }
}

/** Only the time in which we wait for the other side counts, not that in which a slow consumer holds us up. */
async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, { silenceMs, signal }: ReadOptions) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StandinError('unreachable', `The stream was silent for ${silenceMs} ms`)), silenceMs)
  })
  try {
    return await Promise.race([reader.read(), silent])
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw error instanceof StandinError ? error : new StandinError('unreachable', 'The stream broke off', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
