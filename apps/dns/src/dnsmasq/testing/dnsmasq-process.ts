import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { askUdp } from '../../testing/ask.ts'
import { queryMessage } from '../../testing/messages.ts'

const program = ['/usr/sbin/dnsmasq', '/usr/local/sbin/dnsmasq', '/usr/bin/dnsmasq', '/opt/homebrew/sbin/dnsmasq'].find((path) =>
  existsSync(path),
)

/** On a build machine it has to be there: a comparison that is passed over proves nothing. */
export function hasDnsmasq(): boolean {
  if (program === undefined && process.env.CI === 'true') throw new Error('dnsmasq is missing: install dnsmasq-base')
  return program !== undefined
}

export interface DnsmasqProcess extends AsyncDisposable {
  readonly port: number
}

/** A real dnsmasq on a free port of loopback, with a configuration file and nothing of the system's own. */
export async function startDnsmasq(file: string): Promise<DnsmasqProcess> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = spawn(
      program as string,
      [
        '--no-daemon',
        '--user=',
        '--group=',
        '--pid-file',
        '--bind-interfaces',
        '--listen-address=127.0.0.1',
        `--port=${port}`,
        `--conf-file=${file}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk
    })
    if (await answers(child, port)) {
      return {
        port,
        async [Symbol.asyncDispose]() {
          const gone = once(child, 'exit')
          child.kill('SIGKILL')
          await gone
        },
      }
    }
    if (child.exitCode === null) child.kill('SIGKILL')
    if (attempt === 5 || !said.includes('Address already in use')) throw new Error(`dnsmasq does not run: ${said}`)
  }
}

/** Whether it finds no fault in a file. */
export async function dnsmasqTakes(file: string): Promise<boolean> {
  const child = spawn(program as string, ['--test', `--conf-file=${file}`], { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  return code === 0
}

/** All options that it has. */
export function dnsmasqOptions(): string[] {
  const help = execFileSync(program as string, ['--help'], { encoding: 'utf8' })
  return [...help.matchAll(/^\s*(?:-\S, )?--([a-zA-Z0-9-]+)/gm)].map(([, option]) => option as string)
}

async function answers(child: ChildProcess, port: number): Promise<boolean> {
  const question = queryMessage({ name: 'version.bind', type: 16, class: 3 })
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
    if ((await askUdp(port, question, 100)) !== undefined) return true
  }
  return false
}

async function freePort(): Promise<number> {
  const socket = dgram.createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}
