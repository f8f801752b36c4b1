import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A listening TCP socket of this machine. */
export interface Listener {
  /** `0.0.0.0` stands for every address, of both families. */
  readonly address: string
  readonly port: number
  readonly inode: string
}

/** All listening TCP sockets, from /proc/net/tcp and tcp6; null where there is no /proc. */
export function listeners(): Listener[] | null {
  try {
    return [...parse(readFileSync('/proc/net/tcp', 'latin1')), ...parse(readFileSync('/proc/net/tcp6', 'latin1'))]
  } catch {
    return null
  }
}

/** Those of the sockets that belong to one of the processes. */
export function ownedBy(sockets: readonly Listener[], pids: Iterable<number>): Listener[] {
  const wanted = new Map(sockets.map((socket) => [`socket:[${socket.inode}]`, socket]))
  const owned = new Set<Listener>()
  for (const pid of pids) {
    try {
      for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
        const socket = wanted.get(readlink(`/proc/${pid}/fd/${descriptor}`))
        if (socket !== undefined) owned.add(socket)
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return [...owned]
}

function parse(table: string): Listener[] {
  return table.split('\n').flatMap((line): Listener[] => {
    const fields = line.trim().split(/\s+/)
    const [local, state, inode] = [fields[1], fields[3], fields[9]]
    if (state !== '0A' || local === undefined || inode === undefined) return []
    const [address = '', port = ''] = local.split(':')
    return [{ address: toText(address), port: Number.parseInt(port, 16), inode }]
  })
}

/** The kernel prints addresses as 32-bit words in the machine's byte order. */
function toText(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = Buffer.concat(words.map((word) => Buffer.from(word, 'hex').reverse()))
  if (bytes.every((byte) => byte === 0)) return '0.0.0.0'
  const mapped = bytes.length === 16 && bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'))
  if (bytes.length === 4 || mapped) return [...bytes.subarray(-4)].join('.')
  return (bytes.toString('hex').match(/.{4}/g) ?? [])
    .join(':')
    .replace(/(^|:)0+(?=[0-9a-f])/g, '$1')
    .replace(/(^|:)0(:0)+(:|$)/, '::')
}

function readlink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
