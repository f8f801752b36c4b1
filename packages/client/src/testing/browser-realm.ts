/**
 * Runs the client, libraries included, in a realm whose globals are those of a browser and of ECMAScript: no process, no
 * Buffer, no `node:` module. Arguments: address and token of a control plane. Prints what it found as JSON.
 */
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { createContext, type Module, SourceTextModule } from 'node:vm'

const [url, token] = process.argv.slice(2)
const { fetch, URL, URLSearchParams, AbortController, AbortSignal, DOMException, TextDecoder, TextEncoder, ReadableStream, Blob } =
  globalThis
const { setTimeout, clearTimeout, crypto } = globalThis
let report = ''
const realm = createContext({
  ...{ fetch, URL, URLSearchParams, AbortController, AbortSignal, DOMException, TextDecoder, TextEncoder, ReadableStream, Blob },
  ...{ setTimeout, clearTimeout, crypto, url, token, tell: (text: string) => (report = text) },
})

const modules = new Map<string, Promise<SourceTextModule>>()

function load(address: string): Promise<SourceTextModule> {
  if (!address.startsWith('file:')) throw new Error(`a browser has no ${address}`)
  const loaded = modules.get(address) ?? read(address)
  modules.set(address, loaded)
  return loaded
}

async function read(address: string): Promise<SourceTextModule> {
  const text = await readFile(new globalThis.URL(address), 'utf8')
  return new SourceTextModule(address.endsWith('.ts') ? stripTypeScriptTypes(text) : text, { context: realm, identifier: address })
}

const page = new SourceTextModule(
  `
  import { connect } from '../index.ts'
  const standin = await connect({ url, token })
  const environment = await standin.environments.get(1001)
  await environment.waitUntil('running', { timeout: 20000 })
  let events = 0
  for await (const event of standin.events.follow({ after: 0 })) if (++events === 3) break
  const refused = await standin.environments.get(1).catch((error) => error.code)
  tell(JSON.stringify({ domain: standin.discovery.domain, state: environment.state, events, refused }))
  `,
  { context: realm, identifier: import.meta.url },
)
await page.link((specifier, from: Module) => load(import.meta.resolve(specifier, from.identifier)))
await page.evaluate()
process.stdout.write(report)
