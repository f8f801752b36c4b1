import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '@standin/client'
import { eventually, Platform } from '@standin/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const seed = Number(process.env.STANDIN_SEED ?? Date.now() % 1_000_000)
const seconds = Number(process.env.STANDIN_CHAOS_SECONDS ?? 12)
const domain = 'test-envs.localhost'
const environments = 4
const endpointsEach = 2
const visitors = 12
/** Of all endpoints. Nobody else takes a port of it while its endpoint is dead. */
const address = '127.1.1.2'

/** Says whose it is, in a body of the length that is asked for: `/length`, in pieces with pauses where it is `/length/slow`. */
const endpointScript = `
const { createHash } = require('node:crypto')
const [own, port] = process.argv.slice(1)
require('node:http').createServer({ keepAliveTimeout: 60_000 }, async (req, res) => {
  req.resume()
  const [, length, slow] = req.url.split('/')
  const body = (own + '|').repeat(Math.ceil(length / (own.length + 1))).slice(0, length)
  res.setHeader('X-Sum', createHash('sha1').update(body).digest('hex'))
  if (slow !== 'slow') return res.end(body)
  for (let at = 0; at < body.length; at += 4000) {
    res.write(body.slice(at, at + 4000))
    await new Promise((done) => setTimeout(done, 10))
  }
  res.end()
}).listen(Number(port), '${address}', function () { console.log(this.address().port) })
`

/** Mulberry32: the same seed gives the same choices. */
function random(state: number): () => number {
  let a = state >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A process that serves one environment, and can be killed and come back at its address. */
class Endpoint {
  readonly #own: string
  #process: ChildProcess | undefined
  port = 0

  constructor(own: string) {
    this.#own = own
  }

  /** @param port where one of another environment was until now; 0: wherever there is room */
  async start(port = this.port): Promise<void> {
    this.port = port
    const child = spawn(process.execPath, ['-e', endpointScript, this.#own, String(this.port)], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    this.port = Number(line)
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}

/** What came of a request. Only the first five may ever happen, and `gone` only to an environment that was deleted. */
type Outcome = 'answered' | 'refused' | 'gone' | 'cut' | 'not connected' | 'WRONG ENVIRONMENT' | 'INCOMPLETE' | 'NEVER ANSWERED'

/** More than any restart takes, ms. */
const patienceMs = 60_000

/** Asks an environment for so many bytes and checks each of them. */
const ask = (port: number, id: number, own: string, length: number, slow: boolean, agent: Agent): Promise<Outcome> =>
  new Promise((done) => {
    const host = `www-${id}.${domain}`
    const call = request({ host: '127.0.0.1', port, path: `/${length}${slow ? '/slow' : ''}`, headers: { host }, agent }, (answer) => {
      let body = ''
      answer.setEncoding('latin1')
      answer.on('data', (chunk: string) => {
        body += chunk
      })
      answer.on('error', () => done('cut'))
      answer.on('end', () => {
        if (!answer.complete) return done('cut')
        if (answer.headers['x-sum'] === undefined) {
          if ([502, 503, 504].includes(answer.statusCode ?? 0)) return done('refused')
          if (answer.statusCode === 410) return done('gone')
        }
        if (!body.startsWith(`${own}|`)) return done('WRONG ENVIRONMENT')
        const isWhole = body.length === length && createHash('sha1').update(body).digest('hex') === answer.headers['x-sum']
        return done(isWhole ? 'answered' : 'INCOMPLETE')
      })
    })
    call.on('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED' ? 'not connected' : 'cut'))
    call.setTimeout(patienceMs, () => {
      done('NEVER ANSWERED')
      call.destroy()
    })
    call.end()
  })

const childrenOf = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

/** Each worker listens for itself. */
const listening = (port: number) => {
  const own = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => line.includes(own)).length
}

describe(`kill -9 of control, of endpoints and of a worker under load (STANDIN_SEED=${seed})`, { timeout: 300_000 }, () => {
  let platform: Platform
  const endpoints: Endpoint[][] = []
  const ids: number[] = []
  const heirEndpoints: Endpoint[] = []
  const own = (index: number) => `environment-${index}`

  /** Control may be away when it is asked, or when it has just done it. @returns the id, once the gateway serves it */
  const attached = async (name: string, pool: readonly Endpoint[]): Promise<number> => {
    const services = [{ name: 'www', endpoints: pool.map(({ port }) => `${address}:${port}`) }]
    const id = await eventually(async () => {
      const { status, body } = await platform.api<Environment>('POST', '/v1/environments', { name, provider: 'attach', services })
      return status < 300 ? body.id : undefined
    }, patienceMs)
    await eventually(async () => ((await platform.ask(`www-${id}.${domain}`, '/20')).status === 200 ? true : undefined), patienceMs)
    return id
  }

  beforeAll(async () => {
    platform = await Platform.boot({
      arguments: ['--api', '127.0.0.1:0', '--http', '127.0.0.1:0', '--dns', '127.0.0.1:0', '--workers', '2'],
    })
    for (let index = 0; index < environments; index++) {
      const pool = Array.from({ length: endpointsEach }, () => new Endpoint(own(index)))
      endpoints.push(pool)
      await Promise.all(pool.map((endpoint) => endpoint.start()))
      ids.push(await attached(own(index), pool))
    }
  }, 240_000)
  afterAll(async () => {
    await Promise.all([...endpoints.flat(), ...heirEndpoints].map((endpoint) => endpoint.kill()))
    await platform?.stop()
  }, 60_000)

  it('reaches no wrong environment and calls no answer complete that was cut', async () => {
    const next = random(seed)
    const pick = <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)] as T
    const port = Number(new URL(platform.running.http).port)
    const never = { 'WRONG ENVIRONMENT': 0, INCOMPLETE: 0, 'NEVER ANSWERED': 0 }
    const outcomes: Record<Outcome, number> = { answered: 0, refused: 0, gone: 0, cut: 0, 'not connected': 0, ...never }
    const killed = { control: 0, worker: 0, endpoint: 0 }
    let inherited = 0
    let over = false

    const visitor = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      while (!over) {
        const index = Math.floor(Math.random() * environments)
        const length = 20 + Math.floor(Math.random() * 40_000)
        outcomes[await ask(port, ids[index] as number, own(index), length, Math.random() < 0.3, agent)]++
        // Without it a gateway that refuses at once would be asked a thousand times for each answer.
        await sleep(2)
      }
      agent.destroy()
    }
    /**
     * One environment after the other at the same address: each is deleted, and once the gateway says so the address is
     * the next one's. Whoever asks for those before must never see it, whichever worker, and whatever it remembers.
     */
    const heirs = async () => {
      const agent = new Agent({ keepAlive: false })
      const former: { id: number; name: string }[] = []
      let inheritance = 0
      for (let number = 1; !over || inherited < 2; number++) {
        const name = `heir-${number}`
        const endpoint = new Endpoint(name)
        await endpoint.start(inheritance)
        inheritance = endpoint.port
        heirEndpoints.push(endpoint)
        const id = await attached(name, [endpoint])
        const see = async (of: { id: number; name: string }) => {
          const outcome = await ask(port, of.id, of.name, 200, false, agent)
          outcomes[outcome]++
          return outcome
        }
        await eventually(async () => ((await see({ id, name })) === 'answered' ? true : undefined), patienceMs)
        // Each of them is another connection, and so another worker.
        for (let round = 0; round < 8; round++) for (const one of former.slice(-4)) await see(one)
        await eventually(async () => {
          const { status } = await platform.api('DELETE', `/v1/environments/${id}?purge=true`)
          return status < 300 || status === 404 || status === 410 ? true : undefined
        }, patienceMs)
        await eventually(async () => {
          for (let inARow = 0; inARow < 8; inARow++) if ((await see({ id, name })) !== 'gone') return undefined
          return true
        }, patienceMs)
        await endpoint.kill()
        former.push({ id, name })
        inherited++
      }
    }
    const chaos = async () => {
      const parts = ['worker', 'endpoint', 'control', 'endpoint'] as const
      // A slow machine gets the time for each of them once, and for a load.
      const isDone = (until: number) => Date.now() > until && Math.min(...Object.values(killed)) > 0 && outcomes.answered > seconds * 10
      for (let until = Date.now() + seconds * 1000, round = 0; !isDone(until); round++) {
        await sleep(150 + next() * 500)
        const part = parts[round % parts.length] as (typeof parts)[number]
        if (part === 'endpoint') {
          const endpoint = pick(pick(endpoints))
          await endpoint.kill()
          await sleep(next() * 400)
          await endpoint.start()
        } else {
          const { control, gateway } = platform.pids()
          const pid = part === 'control' ? control : pick(childrenOf(gateway))
          // It is on its way back from the last time; of the workers one is left.
          if (pid === undefined || pid === null || (part === 'worker' && listening(port) < 2)) continue
          try {
            process.kill(pid, 'SIGKILL')
          } catch {
            continue
          }
        }
        killed[part]++
      }
      over = true
    }
    await Promise.all([chaos(), heirs(), ...Array.from({ length: visitors }, visitor)])
    process.stderr.write(`killed ${JSON.stringify(killed)}; addresses inherited ${inherited}; requests ${JSON.stringify(outcomes)}\n`)

    expect(outcomes).toMatchObject(never)
    // Each came back, and so does each environment; a control that follows no change would be of no use.
    const late = new Endpoint('late')
    await late.start()
    heirEndpoints.push(late)
    await attached('late', [late])
    await eventually(() => (listening(port) === 2 ? true : undefined), patienceMs)
    for (const id of ids)
      await eventually(async () => ((await platform.ask(`www-${id}.${domain}`, '/20')).status === 200 ? true : undefined), patienceMs)
  })
})
