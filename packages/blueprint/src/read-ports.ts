import { type Field, type Reading, readChoice, readFields, readInteger, readItems, readString } from './reader.ts'

const mostPorts = 1000

/**
 * The container ports of `ports` and `expose`, in the order in which they stand. Host ports are ignored with a warning: the
 * gateway owns those of the machine, and every instance listens at an address of its own.
 */
export function readPorts(reading: Reading, ports: Field | undefined, expose: Field | undefined): number[] {
  const found = new Set<number>()
  for (const item of readItems(reading, ports)) {
    for (const port of item.node.kind === 'map' ? longPort(reading, item) : shortPort(reading, item, true)) found.add(port)
  }
  for (const item of readItems(reading, expose)) for (const port of shortPort(reading, item, false)) found.add(port)
  return [...found]
}

/** `[[host ip:]host port:]container port[/protocol]`, each port also as a range. */
function shortPort(reading: Reading, item: Field, mayMap: boolean): number[] {
  const text = readString(reading, item)
  if (text === undefined) return []
  const match = /^(?:(.*):)?(\d+)(?:-(\d+))?(?:\/([a-z]+))?$/.exec(text.trim())
  const first = Number(match?.[2])
  const last = Number(match?.[3] ?? match?.[2])
  if (
    match === null ||
    (match[1] !== undefined && !mayMap) ||
    !isPort(first) ||
    !isPort(last) ||
    last < first ||
    last - first >= mostPorts
  ) {
    const form = mayMap ? '[host port:]container port[/tcp]' : 'a port, or a range of ports,'
    reading.faults.error(item.node.at, item.path, `"${text}" is not ${form} with ports from 1 to 65535`)
    return []
  }
  if (match[1] !== undefined) {
    reading.faults.warn(
      item.node.at,
      item.path,
      `host port "${match[1]}" is ignored: the gateway owns ports; the container port ${match[2]} is kept`,
    )
  }
  return isTcp(reading, item, match[4]) ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : []
}

function longPort(reading: Reading, item: Field): number[] {
  const field = readFields(reading, item.node, item.path, 'ports.*')
  if (field === undefined) return []
  const target = field('target')
  if (target === undefined) reading.faults.error(item.node.at, item.path, 'a port needs a "target", the container port')
  const port = readInteger(reading, target, 1, 65_535)
  const protocol = readChoice(reading, field('protocol'), ['tcp', 'udp'])
  return port !== undefined && isTcp(reading, item, protocol) ? [port] : []
}

function isTcp(reading: Reading, item: Field, protocol: string | undefined): boolean {
  if (protocol === undefined || protocol === 'tcp') return true
  if (protocol === 'udp') reading.faults.warn(item.node.at, item.path, 'UDP ports are ignored: the gateway and health checks speak TCP')
  else reading.faults.error(item.node.at, item.path, `"${protocol}" is no protocol; there are tcp and udp`)
  return false
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}
