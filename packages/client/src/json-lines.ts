/** The objects of an `application/x-ndjson` response, until it ends. Leaving the loop closes the connection. */
export async function* readJsonLines<T>(response: Response): AsyncGenerator<T, void, undefined> {
  if (response.body === null) return
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      const lines = rest.split('\n')
      rest = done ? '' : (lines.pop() ?? '')
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T
      if (done) return
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
