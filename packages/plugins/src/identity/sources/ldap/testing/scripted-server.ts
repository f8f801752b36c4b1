import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { BerReader, BerWriter } from 'ldapts'

const [bind, bindDone, search, searchEntry, searchDone, controls] = [0x60, 0x61, 0x63, 0x64, 0x65, 0xa0]

export interface ScriptedEntry {
  readonly dn: string
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>
}

/** One page of an answer: entries that may be none, and whether there are more. */
export interface ScriptedPage {
  readonly entries: readonly ScriptedEntry[]
  readonly hasMore: boolean
}

/** A directory for what OpenLDAP never does and others do: lets everybody in, and answers searches below the root with pages in turn. */
export class ScriptedServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #pages: ScriptedPage[]

  constructor(pages: readonly ScriptedPage[]) {
    this.#pages = [...pages]
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', (data: Buffer) => this.#answer(socket, data))
    })
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `ldap://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** A request comes in one piece over loopback. */
  #answer(socket: Socket, data: Buffer): void {
    const request = new BerReader(data)
    request.readSequence()
    const id = request.readInt() ?? 0
    const operation = request.readSequence()
    if (operation === bind) socket.write(message(id, (writer) => result(writer, bindDone)))
    if (operation !== search) return
    const page = request.readString() === '' ? undefined : this.#pages.shift()
    for (const entry of page?.entries ?? []) socket.write(message(id, (writer) => write(writer, entry)))
    socket.write(
      message(id, (writer) => {
        result(writer, searchDone)
        if (page !== undefined) writeCookie(writer, page.hasMore ? 'more' : '')
      }),
    )
  }
}

function message(id: number, body: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  body(writer)
  writer.endSequence()
  return writer.buffer
}

function result(writer: BerWriter, operation: number): void {
  writer.startSequence(operation)
  writer.writeEnumeration(0)
  writer.writeString('')
  writer.writeString('')
  writer.endSequence()
}

function write(writer: BerWriter, { dn, attributes }: ScriptedEntry): void {
  writer.startSequence(searchEntry)
  writer.writeString(dn)
  writer.startSequence()
  for (const [name, values] of Object.entries(attributes)) {
    writer.startSequence()
    writer.writeString(name)
    writer.startSequence(0x31)
    for (const value of values) {
      if (typeof value === 'string') writer.writeString(value)
      else writer.writeBuffer(value, 0x04)
    }
    writer.endSequence()
    writer.endSequence()
  }
  writer.endSequence()
  writer.endSequence()
}

function writeCookie(writer: BerWriter, cookie: string): void {
  const value = new BerWriter()
  value.startSequence()
  value.writeInt(0)
  value.writeString(cookie)
  value.endSequence()
  writer.startSequence(controls)
  writer.startSequence()
  writer.writeString('1.2.840.113556.1.4.319')
  writer.writeBuffer(value.buffer, 0x04)
  writer.endSequence()
  writer.endSequence()
}
