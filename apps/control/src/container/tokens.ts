import type { Logger } from 'pino'
import type { InjectionToken } from 'tsyringe'
import type { Authority } from '../access/authority.ts'
import type { EnvironmentCommands } from '../api/environment-commands.ts'
import type { ExecSocket } from '../api/exec-socket.ts'
import type { Recall } from '../api/idempotent-request.ts'
import type { OpenStreams } from '../api/open-streams.ts'
import type { Feeds } from '../api/routes/tables.ts'
import type { Builder } from '../builder/builder.ts'
import type { Control } from '../control.ts'
import type { Listening } from '../listening.ts'
import type { Metrics } from '../metrics.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { Deadlines } from '../reconcile/deadlines.ts'
import type { Needs } from '../reconcile/needs.ts'
import type { ProviderRegistry } from '../reconcile/provider-registry.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { StorageMeter } from '../reconcile/storage-meter.ts'
import type { Aliases } from '../store/aliases.ts'
import type { Builds } from '../store/builds.ts'
import type { Database } from '../store/database.ts'
import type { EnvironmentQueries } from '../store/environment-queries.ts'
import type { Environments } from '../store/environments.ts'
import type { EventLog } from '../store/events.ts'
import type { Faults } from '../store/faults.ts'
import type { IdempotencyKeys } from '../store/idempotency.ts'
import type { Accesses } from '../store/people/accesses.ts'
import type { Groups } from '../store/people/groups.ts'
import type { Ownership } from '../store/people/ownership.ts'
import type { Roles } from '../store/people/roles.ts'
import type { UserChanges } from '../store/people/user-changes.ts'
import type { Users } from '../store/people/users.ts'
import type { Stacks } from '../store/stacks.ts'
import type { Templates } from '../store/templates.ts'
import type { Tokens as TokenStore } from '../store/tokens.ts'

/** Names a part: `container.resolve` gives it. */
export type PartToken<T> = InjectionToken<T>

const token = <T>(name: string): PartToken<T> => Symbol(name)

export const Tokens = {
  log: token<Logger>('log'),
  database: token<Database>('database'),
  events: token<EventLog>('events'),
  environments: token<Environments>('environments'),
  queries: token<EnvironmentQueries>('queries'),
  aliases: token<Aliases>('aliases'),
  faults: token<Faults>('faults'),
  templates: token<Templates>('templates'),
  stacks: token<Stacks>('stacks'),
  builds: token<Builds>('builds'),
  accesses: token<Accesses>('accesses'),
  users: token<Users>('users'),
  groups: token<Groups>('groups'),
  roles: token<Roles>('roles'),
  ownership: token<Ownership>('ownership'),
  userChanges: token<UserChanges>('userChanges'),
  authority: token<Authority>('authority'),
  tokens: token<TokenStore>('tokens'),
  idempotency: token<IdempotencyKeys>('idempotency'),
  metrics: token<Metrics>('metrics'),
  streams: token<OpenStreams>('streams'),
  listening: token<Listening>('listening'),
  providers: token<ProviderRegistry>('providers'),
  needs: token<Needs>('needs'),
  reconciler: token<Reconciler>('reconciler'),
  deadlines: token<Deadlines>('deadlines'),
  storage: token<StorageMeter>('storage'),
  builder: token<Builder>('builder'),
  feeds: token<Feeds>('feeds'),
  commands: token<EnvironmentCommands>('commands'),
  exec: token<ExecSocket>('exec'),
  recall: token<Recall>('recall'),
  plugins: token<PluginHost>('plugins'),
  control: token<Control>('control'),
}
