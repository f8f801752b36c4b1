import { resolve } from 'node:path'
import { StandinError } from '@standin/client/errors'
import type { Context } from '../context.ts'
import { parseServer, type ServerAddress } from '../dig/ask-server.ts'
import { writeName } from '../dig/wire-name.ts'
import { installSetup, removeSetup, type SetupChange } from '../dns-install/change-setup.ts'
import { detectSetup } from '../dns-install/detect-setup.ts'
import { type ResolverSetup, type SetupKind, setupFor, setupKinds } from '../dns-install/resolver-setup.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly for?: SetupKind
  readonly domain?: string
  readonly server?: ServerAddress
  readonly apply?: boolean
  readonly remove?: boolean
  readonly root: string
}

export const dnsInstall: Verb<readonly [], Options> = {
  description:
    "Points what resolves names on this machine at Standin's resolver, for its domain and no other: a file for systemd-resolved, for\n" +
    'dnsmasq of NetworkManager, or in /etc/resolver of macOS. It is printed; --apply writes it, which needs root.',
  options: [
    { flags: '--apply', description: 'write it, and have it count' },
    { flags: '--remove', description: 'undo it' },
    { flags: '--for <kind>', description: 'what resolves names here; found out where it is left out', choices: setupKinds },
    { flags: '--domain <domain>', description: 'whose names; that of the platform', parse: checkDomain },
    { flags: '--server <address>', description: "where Standin's resolver is; that of the platform", parse: parseServer },
    {
      flags: '--root <dir>',
      description: 'write below this folder in place of /, and run nothing',
      parse: resolve,
      default: '/',
      completes: 'path',
    },
  ],
  examples: [
    ['standin dns install', 'print it, change nothing'],
    ['sudo standin dns install --apply --home "$HOME/.local/state/standin"', 'write it'],
    ['standin dns install --for macos --domain test-envs.internal --server 127.0.0.1:5354', 'for another machine'],
    ['sudo standin dns install --remove', 'as if it had never been'],
  ],
  async run(context, _, options) {
    const { apply = false, remove = false, root } = options
    if (apply && remove) throw new StandinError('invalid', '--apply and --remove exclude each other.', { hint: 'Give one of them.' })
    const kind = options.for ?? (await detectSetup(root, process.platform))
    const setup = await setupOf(context, kind, options)
    if (!remove && setup.caveat !== null) context.messages.warn(setup.caveat)
    const change = remove ? await removeSetup(setup, root, context.env) : apply ? await installSetup(setup, root, context.env) : null
    const told = { ...setup, reload: setup.reload?.join(' ') ?? null, ...change }
    await context.output.one(told, () => (change === null ? printed(setup) : changed(setup, change, root, remove)))
    if (change === null) context.messages.info('Nothing was changed: --apply writes it.')
  },
}

/** Where the file is depends on the domain with macOS only: otherwise, undoing it needs no platform that runs. */
async function setupOf(context: Context, kind: SetupKind, { domain, server, remove }: Options): Promise<ResolverSetup> {
  if (domain !== undefined && server !== undefined) return setupFor(kind, domain, server)
  if (remove === true && (domain !== undefined || kind !== 'macos')) return setupFor(kind, domain ?? '', server ?? { address: '', port: 0 })
  const found = await (await context.connect()).discover()
  const at = server ?? (found.dns === null ? undefined : parseServer(found.dns))
  if (at === undefined) {
    throw new StandinError('invalid', 'The platform runs without a resolver.', { hint: 'Say where one is with --server.' })
  }
  // It becomes a file's name and contents, which root writes.
  return setupFor(kind, domain ?? checkDomain(found.domain), at)
}

function checkDomain(text: string): string {
  const domain = text.replace(/\.$/, '').toLowerCase()
  if (writeName(domain) !== undefined && /^[a-z0-9_.-]+$/.test(domain)) return domain
  throw new StandinError('invalid', `'${text}' is not a domain.`, { hint: 'Write it as test-envs.internal.' })
}

function printed({ kind, file, content, reload }: ResolverSetup): string {
  return [`# ${kind}: ${file}`, content.trimEnd(), ...(reload === null ? [] : [`# then: ${reload.join(' ')}`])].join('\n')
}

function changed({ kind, reload }: ResolverSetup, { outcome, file, ran }: SetupChange, root: string, isRemoval: boolean): string {
  const then =
    ran !== null ? `, and ran \`${ran}\`` : reload === null || root === '/' ? '' : `; not run, as the root is ${root}: ${reload.join(' ')}`
  const undo = `Undo it with: standin dns install --remove --for ${kind}${root === '/' ? '' : ` --root ${root}`}`
  switch (outcome) {
    case 'written':
      return `Wrote ${file}${then}.\n${undo}`
    case 'removed':
      return `Removed ${file}${then}.`
    case 'unchanged':
      return isRemoval ? `There is no ${file}; nothing was changed.` : `${file} is as it should be; nothing was changed.`
  }
}
