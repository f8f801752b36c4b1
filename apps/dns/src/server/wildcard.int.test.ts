import dgram from 'node:dgram'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import net from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { queryMessage, read } from '../testing/messages.ts'
import { resolverProcess } from '../testing/resolver-process.ts'
import { domain, entry, loadedTable, resolverOf } from '../testing/tables.ts'
import { unusedPort } from '../testing/unused-port.ts'
import { withLength } from '../wire/frame.ts'
import { DnsServer } from './dns-server.ts'
import { isWildcard, machineAddresses } from './machine-addresses.ts'

const table = loadedTable(entry(1001))
const query = queryMessage({ name: `web.1001.${domain}` })
const hasIPv6 = machineAddresses('::').includes('::1')

/** As dig does: what comes from another address than the one that was asked is not taken. Undefined: nobody answered. */
async function askAt(address: string, port: number, patienceMs = 10_000): Promise<Buffer | undefined> {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.connect(port, address)
    await once(socket, 'connect')
    const reply = once(socket, 'message', { signal: AbortSignal.timeout(patienceMs) })
    socket.send(query)
    return (await reply)[0] as Buffer
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}

async function takesTcp(address: string, port: number): Promise<boolean> {
  const socket = net.connect(port, address)
  try {
    await once(socket, 'connect')
    socket.write(withLength(query))
    await once(socket, 'data')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** A server on a machine whose addresses the test changes. */
async function serveAt(addresses: Set<string>, { batches = true, reusePort = false, port = 0 } = {}) {
  const errors: Error[] = []
  const machine = { addresses: () => [...addresses], everyMs: 20 }
  const server = new DnsServer(resolverOf(table), (cause) => errors.push(cause), { batches, reusePort }, machine)
  const bound = await server.listen({ address: '0.0.0.0', port })
  return { port: bound, errors, [Symbol.asyncDispose]: () => server.close() }
}

const patient = { timeout: 15_000 }

describe('addresses of a machine', () => {
  it('tells wildcards from others, however they are written', () => {
    for (const text of ['0.0.0.0', '::', '::0', '0:0:0:0:0:0:0:0']) expect(isWildcard(text)).toBe(true)
    for (const text of ['127.0.0.1', '::1', 'fe80::1%eth0']) expect(isWildcard(text)).toBe(false)
  })

  it('are those of the family, and of both for ::', () => {
    expect(machineAddresses('0.0.0.0')).toContain('127.0.0.1')
    expect(machineAddresses('0.0.0.0').every((address) => net.isIPv4(address))).toBe(true)
    expect(machineAddresses('::')).toEqual(expect.arrayContaining(machineAddresses('0.0.0.0')))
  })

  it('have their interface with them where they count on its link only (RFC 4007, section 11)', () => {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
    const expected = own.filter(({ scopeid = 0 }) => scopeid > 0).length
    expect(machineAddresses('::').filter((address) => address.includes('%'))).toHaveLength(expected)
  })
})

describe.each([
  ['in batches', true],
  ['one by one', false],
])('server on all addresses that takes datagrams %s', (_, batches) => {
  // Other addresses of 127.0.0.0/8 than the first one have to be given to the interface on systems that aren't Linux.
  it.runIf(process.platform === 'linux')('answers from the address that was asked, on one port', async () => {
    await using server = await serveAt(new Set(['127.0.0.1', '127.0.0.2']), { batches })
    for (const address of ['127.0.0.1', '127.0.0.2']) {
      expect(read((await askAt(address, server.port)) as Buffer).rcode).toBe('NOERROR')
      expect(await takesTcp(address, server.port)).toBe(true)
    }
  })

  it.runIf(process.platform === 'linux')('follows addresses that come and go', async () => {
    const addresses = new Set(['127.0.0.1'])
    await using server = await serveAt(addresses, { batches })
    addresses.add('127.0.0.3')
    await expect.poll(() => takesTcp('127.0.0.3', server.port), patient).toBe(true)
    expect(await askAt('127.0.0.3', server.port)).toBeDefined()
    addresses.delete('127.0.0.3')
    await expect.poll(() => takesTcp('127.0.0.3', server.port), patient).toBe(false)
    await expect.poll(() => askAt('127.0.0.3', server.port, 1_000), patient).toBeUndefined()
    expect(await askAt('127.0.0.1', server.port)).toBeDefined()
    expect(server.errors).toEqual([])
  })

  it.runIf(process.platform === 'linux')('passes over an address that is not there yet, and tells once of one that is taken', async () => {
    const port = await unusedPort('127.0.0.1', '127.0.0.4')
    const squatter = net.createServer().listen(port, '127.0.0.4')
    await once(squatter, 'listening')
    const addresses = new Set(['198.51.100.1', '127.0.0.1'])
    await using server = await serveAt(addresses, { batches, port })
    addresses.add('127.0.0.4')
    await expect.poll(() => server.errors.length, patient).toBe(1)
    expect(server.errors[0]).toMatchObject({ code: 'port_taken', message: `127.0.0.4:${port} is taken for TCP` })
    await new Promise((resolve) => squatter.close(resolve))
    await expect.poll(() => askAt('127.0.0.4', port, 1_000), patient).toBeDefined()
    expect(server.errors).toHaveLength(1)
  })

  it.runIf(process.platform === 'linux')('does not start where one of them is taken, and lets go of the others', async () => {
    const port = await unusedPort('127.0.0.1', '127.0.0.5')
    await using _first = await serveAt(new Set(['127.0.0.5']), { batches, port })
    const both = new Set(['127.0.0.1', '127.0.0.5'])
    await expect(serveAt(both, { batches, port })).rejects.toMatchObject({ message: `127.0.0.5:${port} is taken for UDP` })
    await using _second = await serveAt(new Set(['127.0.0.1']), { batches, port })
    expect(await askAt('127.0.0.1', port)).toBeDefined()
  })
})

describe('the resolver as a process on all addresses', { timeout: 60_000 }, () => {
  it.each([['1'], ['2']])('answers at loopback with %s workers', async (workers) => {
    await using home = await mkdtempDisposable(join(tmpdir(), 'standin-dns-'))
    await using resolver = await resolverProcess('--home', home.path, '--upstream', 'none', '--dns', '0.0.0.0:0', '--workers', workers)
    expect(resolver.line.dns).toBe(`0.0.0.0:${resolver.port}`)
    expect(await askAt('127.0.0.1', resolver.port)).toBeDefined()
    expect(await takesTcp('127.0.0.1', resolver.port)).toBe(true)
  })

  // Without IPv6 there is nothing to try.
  if (hasIPv6) {
    it('answers at both families where it listens on ::', async () => {
      await using home = await mkdtempDisposable(join(tmpdir(), 'standin-dns-'))
      await using resolver = await resolverProcess('--home', home.path, '--upstream', 'none', '--dns', '[::]:0')
      expect(await askAt('127.0.0.1', resolver.port)).toBeDefined()
      expect(await askAt('::1', resolver.port)).toBeDefined()
    })
  }
})
