export async function eventually(assertion: () => Promise<unknown>, patienceMs = 10_000): Promise<void> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      await assertion()
      return
    } catch (error) {
      if (performance.now() > until) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export async function collect<T>(items: AsyncIterable<T>, keep: (item: T) => boolean = () => true): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) if (keep(item)) found.push(item)
  return found
}

export async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += chunk.toString()
  return all
}
