import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const domain = 'test-envs.localhost'
const hostOf = (id: number) => `www-${id}.${domain}`
const probe = 'uptime-monitor'

/** Answers at once; `/long` for as long as somebody reads, an Upgrade until somebody hangs up. */
const application = createServer((req, res) => {
  if (req.url !== '/long') return void res.end('here')
  res.write('begun')
  const more = setInterval(() => res.write('.'), 200)
  res.once('close', () => clearInterval(more))
})
application.on('upgrade', (_, socket) => {
  socket.on('error', () => {})
  socket.on('end', () => socket.end()).resume()
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
})

describe('Who used an environment last, and by what', { timeout: 90_000 }, () => {
  let platform: Platform
  const port = () => Number(new URL(platform.running.http).port)

  const attach = async (name: string): Promise<number> => {
    const { port: own } = application.address() as AddressInfo
    const services = [{ name: 'www', endpoints: [`127.0.0.1:${own}`], policy: { health: { path: '/health', intervalMs: 1_000 } } }]
    const probes = [{ userAgent: probe }]
    const { body } = await platform.api<Environment>('POST', '/v1/environments', { name, provider: 'attach', services, probes })
    await eventually(async () => {
      const { status } = await platform.ask(hostOf(body.id), '/', { headers: { 'user-agent': `${probe}/1.0` } })
      return status === 200 ? true : undefined
    })
    return body.id
  }
  const lastActivity = async (id: number) => (await platform.api<Environment>('GET', `/v1/environments/${id}`)).body.lastActivity
  const isAlive = async () => (await platform.api<unknown>('GET', '/v1/server')).status === 200 || undefined

  /** Control and what else dies, and nobody starts them again before this has been done. */
  const whileControlIsDead = async (act: () => Promise<void>) => {
    const { start, control } = platform.pids()
    process.kill(start, 'SIGSTOP')
    try {
      process.kill(control, 'SIGKILL')
      await eventually(async () => ((await isAlive().catch(() => false)) === false ? true : undefined))
      await act()
    } finally {
      process.kill(start, 'SIGCONT')
    }
  }

  beforeAll(async () => {
    application.listen(0, '127.0.0.1')
    await once(application, 'listening')
    platform = await Platform.boot()
  }, 60_000)
  afterAll(async () => {
    await platform?.stop()
    application.close()
    application.closeAllConnections()
  }, 60_000)

  it('reaches a control that was killed before it happened, as soon as that is back', async () => {
    const id = await attach('away')
    expect(await lastActivity(id)).toBeNull()
    const times: number[] = []
    await whileControlIsDead(async () => {
      times.push(Date.now())
      expect((await platform.ask(hostOf(id), '/', { method: 'POST' })).body).toBe('here')
      times.push(Date.now())
    })
    const last = await eventually(async () => (await lastActivity(id)) ?? undefined, 30_000)
    expect(last.cause).toBe(`POST ${hostOf(id)}`)
    expect(Date.parse(last.at)).toBeGreaterThanOrEqual(times[0] as number)
    expect(Date.parse(last.at)).toBeLessThanOrEqual(times[1] as number)
    expect((await platform.cli('show', 'away')).stdout).toMatch(new RegExp(`used.* ago\\n +POST ${hostOf(id)}`))
  })

  it('survives the gateway as well, when that is killed after control', async () => {
    const id = await attach('both')
    const file = join(platform.home, 'gateway', 'activity.json')
    await whileControlIsDead(async () => {
      await platform.ask(hostOf(id), '/', { method: 'PUT' })
      await eventually(() => (existsSync(file) && readFileSync(file, 'utf8').includes(`"environment":${id}`) ? true : undefined), 20_000)
      process.kill(platform.pids().gateway, 'SIGKILL')
    })
    const last = await eventually(async () => (await lastActivity(id)) ?? undefined, 30_000)
    expect(last.cause).toBe(`PUT ${hostOf(id)}`)
    await eventually(() => (existsSync(file) ? undefined : true))
  })

  it('goes on while a WebSocket or a download is open, and not for probes and health checks', async () => {
    const [socketId, downloadId, quietId] = [await attach('socket'), await attach('download'), await attach('quiet')]
    const socket = connect(port(), '127.0.0.1')
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ]
    socket.write(`${['GET /chat HTTP/1.1', `Host: ${hostOf(socketId)}`, ...upgrade].join('\r\n')}\r\n\r\n`)
    const [head] = await once(socket, 'data')
    expect(String(head)).toMatch(/^HTTP\/1\.1 101 /)
    const download = request({ host: '127.0.0.1', port: port(), path: '/long', headers: { host: hostOf(downloadId) }, agent: false })
    download.end()
    const [answer] = await once(download, 'response')
    answer.resume()
    answer.on('error', () => {})
    const begun = Date.now()

    const causes = [`WebSocket ${hostOf(socketId)}`, `GET ${hostOf(downloadId)}`]
    for (const [index, id] of [socketId, downloadId].entries()) {
      await eventually(async () => {
        const last = await lastActivity(id)
        await platform.ask(hostOf(quietId), '/', { headers: { 'user-agent': probe } })
        return last !== null && Date.parse(last.at) > begun + 3_000 && last.cause === causes[index] ? true : undefined
      }, 30_000)
    }
    expect(await lastActivity(quietId)).toBeNull()
    socket.destroy()
    download.destroy()
    // The next report tells of what ended, and there is none after that.
    const ended = Date.now()
    await sleep(10_000)
    for (const id of [socketId, downloadId]) expect(Date.parse((await lastActivity(id))?.at ?? '')).toBeLessThan(ended + 4_000)
    expect(await lastActivity(quietId)).toBeNull()
  })
})
