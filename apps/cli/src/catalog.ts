import type { Verb } from './verb.ts'

export const groups = ['Environments', 'Look inside', 'Traffic', 'Templates', 'People', 'Platform'] as const

export interface CatalogEntry {
  /** As it is typed: `up`, `template build`. */
  readonly name: string
  readonly group: (typeof groups)[number]
  readonly summary: string
  /** A verb is loaded when it is used, not before: starting has to be quick. */
  readonly load: () => Promise<Verb<never, never>>
}

/** All verbs, in the order of `standin --help`. */
export const catalog: readonly CatalogEntry[] = [
  entry('up', 'Environments', 'Clone a template into a running environment', async () => (await import('./verbs/up.ts')).up),
  entry('list', 'Environments', 'List environments', async () => (await import('./verbs/list.ts')).list),
  entry('show', 'Environments', 'Show what state an environment is in, and why', async () => (await import('./verbs/show.ts')).show),
  entry('why', 'Environments', 'Explain why it is awake or asleep, and what comes next', async () => (await import('./verbs/why.ts')).why),
  entry('url', 'Environments', 'Print the URL of a service', async () => (await import('./verbs/url.ts')).url),
  entry('suspend', 'Environments', 'Freeze an environment; a request wakes it', async () => (await import('./verbs/suspend.ts')).suspend),
  entry('resume', 'Environments', 'Wake what is suspended, start what is stopped', async () => (await import('./verbs/resume.ts')).resume),
  entry('stop', 'Environments', 'Stop the processes and keep the data', async () => (await import('./verbs/stop.ts')).stop),
  entry('delete', 'Environments', 'Move an environment to the trash', async () => (await import('./verbs/delete.ts')).deleteVerb),
  entry('undelete', 'Environments', 'Take an environment out of the trash', async () => (await import('./verbs/undelete.ts')).undelete),
  entry(
    'extend',
    'Environments',
    'Keep an environment from being suspended for a while',
    async () => (await import('./verbs/extend.ts')).extend,
  ),
  entry('pin', 'Environments', 'Keep an environment from being suspended or deleted', async () => (await import('./verbs/pin.ts')).pin),
  entry('unpin', 'Environments', 'Let the rules decide about an environment again', async () => (await import('./verbs/unpin.ts')).unpin),
  entry('label', 'Environments', 'Set or take away labels of an environment', async () => (await import('./verbs/label.ts')).label),
  entry('give', 'Environments', 'Give an environment to another user', async () => (await import('./verbs/give.ts')).give),
  entry('attach', 'Environments', 'Give services that run already an environment', async () => (await import('./verbs/attach.ts')).attach),

  entry('logs', 'Look inside', 'Print what the hosts of an environment printed', async () => (await import('./verbs/logs.ts')).logs),
  entry('exec', 'Look inside', 'Run a command, or a shell, on a host', async () => (await import('./verbs/exec.ts')).exec),
  entry('events', 'Look inside', 'Print what happened, and follow it', async () => (await import('./verbs/events.ts')).events),
  entry('dig', 'Look inside', 'Ask the resolver, and see which rule answered', async () => (await import('./verbs/dig.ts')).dig),

  entry(
    'alias set',
    'Traffic',
    'Give a host name to an environment, or move it there',
    async () => (await import('./verbs/alias-set.ts')).aliasSet,
  ),
  entry('alias list', 'Traffic', 'List the host names that were given', async () => (await import('./verbs/alias-list.ts')).aliasList),
  entry('alias remove', 'Traffic', 'Take a host name away', async () => (await import('./verbs/alias-remove.ts')).aliasRemove),
  entry(
    'fault add',
    'Traffic',
    'Let requests to a service fail on purpose, for a while',
    async () => (await import('./verbs/fault-add.ts')).faultAdd,
  ),
  entry('fault list', 'Traffic', 'List the faults that are injected', async () => (await import('./verbs/fault-list.ts')).faultList),
  entry('fault remove', 'Traffic', 'End a fault before its time', async () => (await import('./verbs/fault-remove.ts')).faultRemove),

  entry(
    'blueprint check',
    'Templates',
    'Check a blueprint, without a platform',
    async () => (await import('./verbs/blueprint-check.ts')).blueprintCheck,
  ),
  entry(
    'template build',
    'Templates',
    'Build a template from a blueprint',
    async () => (await import('./verbs/template-build.ts')).templateBuild,
  ),
  entry('template list', 'Templates', 'List template versions', async () => (await import('./verbs/template-list.ts')).templateList),
  entry(
    'template show',
    'Templates',
    'Show a template version and where it comes from',
    async () => (await import('./verbs/template-show.ts')).templateShow,
  ),
  entry(
    'template delete',
    'Templates',
    'Delete a template version',
    async () => (await import('./verbs/template-delete.ts')).templateDelete,
  ),
  entry(
    'channel set',
    'Templates',
    'Make a channel, or move it to another version',
    async () => (await import('./verbs/channel-set.ts')).channelSet,
  ),
  entry('channel list', 'Templates', 'List the channels of a template', async () => (await import('./verbs/channel-list.ts')).channelList),

  entry('user list', 'People', 'List users', async () => (await import('./verbs/user-list.ts')).userList),
  entry('user show', 'People', 'Show a user, and what they may', async () => (await import('./verbs/user-show.ts')).userShow),
  entry('user add', 'People', 'Make a user', async () => (await import('./verbs/user-add.ts')).userAdd),
  entry(
    'user deactivate',
    'People',
    "End a user's tokens and hand their environments on",
    async () => (await import('./verbs/user-deactivate.ts')).userDeactivate,
  ),
  entry('user activate', 'People', 'Let a user in again', async () => (await import('./verbs/user-activate.ts')).userActivate),
  entry('user delete', 'People', 'Forget a user', async () => (await import('./verbs/user-delete.ts')).userDelete),
  entry('group list', 'People', 'List groups', async () => (await import('./verbs/group-list.ts')).groupList),
  entry('group show', 'People', 'Show who is in a group', async () => (await import('./verbs/group-show.ts')).groupShow),
  entry('group add', 'People', 'Make a group', async () => (await import('./verbs/group-add.ts')).groupAdd),
  entry('group join', 'People', 'Put users into a group', async () => (await import('./verbs/group-join.ts')).groupJoin),
  entry('group leave', 'People', 'Take users out of a group', async () => (await import('./verbs/group-leave.ts')).groupLeave),
  entry('group delete', 'People', 'Delete a group', async () => (await import('./verbs/group-delete.ts')).groupDelete),
  entry('role grant', 'People', 'Give a user or a group a role', async () => (await import('./verbs/role-grant.ts')).roleGrant),
  entry('role revoke', 'People', 'Take a role away', async () => (await import('./verbs/role-revoke.ts')).roleRevoke),
  entry('role list', 'People', 'List who may what, where', async () => (await import('./verbs/role-list.ts')).roleList),
  entry('identity list', 'People', 'List directories that are asked', async () => (await import('./verbs/identity-list.ts')).identityList),
  entry(
    'identity plan',
    'People',
    'Say what following a directory would change',
    async () => (await import('./verbs/identity-plan.ts')).identityPlan,
  ),
  entry('identity run', 'People', 'Follow a directory now', async () => (await import('./verbs/identity-run.ts')).identityRun),
  entry(
    'identity export',
    'People',
    'Get people of a directory as CSV, for a fixture',
    async () => (await import('./verbs/identity-export.ts')).identityExport,
  ),

  entry('start', 'Platform', 'Run the platform on this machine', async () => (await import('./verbs/start.ts')).start),
  entry(
    'gateway',
    'Platform',
    'Serve the hosts of a routes file, without a platform',
    async () => (await import('./verbs/gateway.ts')).gateway,
  ),
  entry('dns', 'Platform', "Resolve the names of dnsmasq's file, without a platform", async () => (await import('./verbs/dns.ts')).dns),
  entry(
    'dns install',
    'Platform',
    'Have this machine ask Standin for the names of its domain',
    async () => (await import('./verbs/dns-install.ts')).dnsInstall,
  ),
  entry('plugin list', 'Platform', 'List the plugins and how they are', async () => (await import('./verbs/plugin-list.ts')).pluginList),
  entry(
    'plugin runs',
    'Platform',
    "List the runs of a plugin's schedules",
    async () => (await import('./verbs/plugin-runs.ts')).pluginRuns,
  ),
  entry(
    'plugin check',
    'Platform',
    'Check the configuration of plugins, without a platform',
    async () => (await import('./verbs/plugin-check.ts')).pluginCheck,
  ),
  entry(
    'plugin run',
    'Platform',
    'Run one plugin on its own, beside a control plane elsewhere',
    async () => (await import('./verbs/plugin-run.ts')).pluginRun,
  ),
  entry('plugin new', 'Platform', 'Write a small plugin with a test of it', async () => (await import('./verbs/plugin-new.ts')).pluginNew),
  entry(
    'usage report',
    'Platform',
    'Report who used what, and what it cost',
    async () => (await import('./verbs/usage-report.ts')).usageReport,
  ),
  entry('usage quotas', 'Platform', 'Show how full quotas are', async () => (await import('./verbs/usage-quotas.ts')).usageQuotas),
  entry('usage board', 'Platform', 'Let a screen show the board of usage', async () => (await import('./verbs/usage-board.ts')).usageBoard),
  entry('class list', 'Platform', 'List classes and when they are held', async () => (await import('./verbs/class-list.ts')).classList),
  entry(
    'class show',
    'Platform',
    'Show the seats of a class, and what failed',
    async () => (await import('./verbs/class-show.ts')).classShow,
  ),
  entry('class reset', 'Platform', 'Make a seat of a class anew', async () => (await import('./verbs/class-reset.ts')).classReset),
  entry('class link', 'Platform', 'Let a browser show the page of a class', async () => (await import('./verbs/class-link.ts')).classLink),
  entry('doctor', 'Platform', 'Find out what this machine and the platform lack', async () => (await import('./verbs/doctor.ts')).doctor),
  entry('trust', 'Platform', 'Let browsers trust the certificates of the gateway', async () => (await import('./verbs/trust.ts')).trust),
  entry('token create', 'Platform', 'Make a token', async () => (await import('./verbs/token-create.ts')).tokenCreate),
  entry('token list', 'Platform', 'List tokens', async () => (await import('./verbs/token-list.ts')).tokenList),
  entry('token revoke', 'Platform', 'Revoke a token', async () => (await import('./verbs/token-revoke.ts')).tokenRevoke),
  entry('version', 'Platform', 'Print the versions of the CLI and the platform', async () => (await import('./verbs/version.ts')).version),
  entry('completion', 'Platform', 'Print a completion script for a shell', async () => (await import('./verbs/completion.ts')).completion),
]

/** What `standin --help` says of verbs that have verbs below them. */
export const families: Readonly<Record<string, { readonly group: (typeof groups)[number]; readonly summary: string }>> = {
  alias: { group: 'Traffic', summary: 'Give environments further host names' },
  fault: { group: 'Traffic', summary: 'Let services fail on purpose' },
  template: { group: 'Templates', summary: 'Build, list, show and delete templates' },
  channel: { group: 'Templates', summary: 'Name a version of a template' },
  blueprint: { group: 'Templates', summary: 'Check blueprints' },
  user: { group: 'People', summary: 'Make, list and deactivate users' },
  group: { group: 'People', summary: 'Put users into groups' },
  role: { group: 'People', summary: 'Say who may what in which project' },
  identity: { group: 'People', summary: 'Follow the company directory' },
  plugin: { group: 'Platform', summary: 'Look at plugins, check, write and run them' },
  usage: { group: 'Platform', summary: 'See who uses what, and what it costs' },
  class: { group: 'Platform', summary: 'Look at classes, and make seats anew' },
  token: { group: 'Platform', summary: 'Make, list and revoke tokens' },
}

function entry<A extends readonly unknown[], O>(
  name: string,
  group: (typeof groups)[number],
  summary: string,
  load: () => Promise<Verb<A, O>>,
): CatalogEntry {
  return { name, group, summary, load: load as CatalogEntry['load'] }
}
