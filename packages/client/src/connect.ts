import type { RequestOptions } from './endpoint-types.ts'
import { StandinError } from './errors.ts'
import { Activity } from './resources/activity.ts'
import { Aliases } from './resources/aliases.ts'
import { Builds } from './resources/builds.ts'
import { Channels } from './resources/channels.ts'
import { Environments } from './resources/environments.ts'
import { Events } from './resources/events.ts'
import { Faults } from './resources/faults.ts'
import { Groups } from './resources/groups.ts'
import { Plugins } from './resources/plugins.ts'
import { Roles } from './resources/roles.ts'
import { Tables } from './resources/tables.ts'
import { Templates } from './resources/templates.ts'
import { Tokens } from './resources/tokens.ts'
import { Users } from './resources/users.ts'
import type { Discovery } from './schemas/server.ts'
import { Transport, type TransportOptions } from './transport.ts'

export type { LiveEnvironment } from './live-environment.ts'

/** The control plane, resource by resource. Made by `connect`; without discovery it is made by hand. */
export class StandinClient {
  readonly url: string
  readonly environments: Environments
  readonly aliases: Aliases
  readonly faults: Faults
  readonly templates: Templates
  readonly channels: Channels
  readonly builds: Builds
  readonly events: Events
  readonly plugins: Plugins
  readonly tables: Tables
  readonly users: Users
  readonly groups: Groups
  readonly roles: Roles
  readonly tokens: Tokens
  readonly activity: Activity
  readonly #transport: Transport
  readonly #options: TransportOptions

  /** Nothing is sent yet. @throws StandinError `invalid` for an address that isn't http(s) */
  constructor(options: TransportOptions) {
    this.#options = options
    this.#transport = new Transport(options)
    this.url = this.#transport.url
    this.events = new Events(this.#transport)
    this.environments = new Environments(this.#transport, this.events)
    this.aliases = new Aliases(this.#transport)
    this.faults = new Faults(this.#transport)
    this.templates = new Templates(this.#transport)
    this.channels = new Channels(this.#transport)
    this.builds = new Builds(this.#transport)
    this.plugins = new Plugins(this.#transport)
    this.tables = new Tables(this.#transport)
    this.users = new Users(this.#transport)
    this.groups = new Groups(this.#transport)
    this.roles = new Roles(this.#transport)
    this.tokens = new Tokens(this.#transport)
    this.activity = new Activity(this.#transport)
  }

  /** The same client for somebody: what it does is told to be done `for` them. @param actor `token:directory`, `user:alice` */
  onBehalfOf(actor: string): StandinClient {
    return new StandinClient({ ...this.#options, onBehalfOf: actor })
  }

  /** Where everything is, what this server and this token can do. */
  discover(options: RequestOptions = {}): Promise<Discovery> {
    return this.#transport.call('GET /v1', options)
  }
}

/** A client whose server was found to be a Standin of this API, and what it said of itself. */
export type ConnectedClient = StandinClient & { readonly discovery: Discovery }

/**
 * Find out what is at `url` and what it can do.
 *
 * ```ts
 * const standin = await connect({ url: 'http://127.0.0.1:7077', token })
 * const shop = await standin.environments.create({ template: 'shop:stable' })
 * await shop.waitUntil('running', { timeout: 60_000 })
 * console.log(shop.services[0]?.url)
 * await shop.suspend({ reason: 'lunch' })
 * ```
 * @throws StandinError `unreachable`, `unauthenticated`; `invalid` for an address that isn't http(s)
 */
export async function connect(options: TransportOptions): Promise<ConnectedClient> {
  const client = new StandinClient(options)
  const discovery = await client.discover()
  if (discovery?.name !== 'standin' || discovery.api !== 'v1') {
    throw new StandinError('unreachable', `What answers at ${client.url} is not a Standin control plane of API v1`, {
      hint: 'Check the address; `standin version` tells which API this client speaks',
    })
  }
  return Object.assign(client, { discovery })
}
