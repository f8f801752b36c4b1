/**
 * What an instance printed last, for the message that says that it failed, and what it means where that is known:
 * `; last lines: a | b`.
 */
export function lastLines(recent: readonly string[], instance: { name: string; address: string; takenPort: () => string | null }): string {
  const said = recent.map((line) => line.trim()).filter((line) => line !== '')
  const meaning = addressTaken(said, instance)
  if (said.length === 0) return '; it printed nothing'
  const last = said.slice(-5)
  // A stack trace ends with nothing that helps.
  const telling = said.findLast((line) => /\b\w*(error|exception|panic|fatal)\b/i.test(line))
  const lines = telling === undefined || last.includes(telling) ? last : [telling, ...last.slice(-3)]
  return `${meaning === null ? '' : `; ${meaning}`}; last lines: ${lines.join(' | ')}`
}

function addressTaken(said: readonly string[], { name, address, takenPort }: Parameters<typeof lastLines>[1]): string | null {
  const complaint = said.find((line) => /EADDRINUSE|address (is )?already in use/i.test(line))
  if (complaint === undefined) return null
  const wildcard = /(?:0\.0\.0\.0|\*|\[?::\]?):(\d+)/.exec(complaint)
  if (wildcard === null) return takenPort()
  return `${name} tried to listen on 0.0.0.0:${wildcard[1]}; make it listen on $STANDIN_ADDRESS (${address})`
}
