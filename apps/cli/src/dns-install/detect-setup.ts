import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StandinError } from '@standin/client/errors'
import { type SetupKind, setupKinds } from './resolver-setup.ts'

/**
 * Who resolves names on the machine whose files are below `root`.
 * @throws StandinError `unsupported` where it is none that can be told to ask us for one domain
 */
export async function detectSetup(root: string, platform: NodeJS.Platform): Promise<SetupKind> {
  if (platform === 'darwin') return 'macos'
  if (await usesDnsmasqPlugin(join(root, 'etc/NetworkManager'))) return 'networkmanager'
  if (await usesResolved(root)) return 'systemd-resolved'
  throw new StandinError('unsupported', 'Neither systemd-resolved nor dnsmasq of NetworkManager resolves names here.', {
    hint: `\`--for ${setupKinds.join('|')}\` prints it for one of them; any other resolver has to ask Standin for the domain itself.`,
  })
}

/** NetworkManager.conf(5): `dns=dnsmasq` in it, or in a file of conf.d. */
async function usesDnsmasqPlugin(folder: string): Promise<boolean> {
  const more = await readdir(join(folder, 'conf.d')).catch(() => [])
  const files = ['NetworkManager.conf', ...more.filter((file) => file.endsWith('.conf')).map((file) => join('conf.d', file))]
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8').catch(() => '')))
  const said = texts.flatMap((text) => [...text.matchAll(/^\s*dns\s*=\s*(\S+)/gm)].map(([, value]) => value))
  return said.at(-1) === 'dnsmasq'
}

/** systemd-resolved(8): resolv.conf is a link to one of its files, or names its stub. */
async function usesResolved(root: string): Promise<boolean> {
  const path = join(root, 'etc/resolv.conf')
  const target = await readlink(path).catch(() => '')
  if (target.includes('run/systemd/resolve/')) return true
  const text = await readFile(path, 'utf8').catch(() => '')
  if (/^nameserver\s+127\.0\.0\.5[34]\b/m.test(text)) return true
  // Programs ask it by nss-resolve, whatever resolv.conf says.
  const switches = await readFile(join(root, 'etc/nsswitch.conf'), 'utf8').catch(() => '')
  const runs = await stat(join(root, 'run/systemd/resolve')).then(
    () => true,
    () => false,
  )
  return runs && /^hosts:.*\bresolve\b/m.test(switches)
}
