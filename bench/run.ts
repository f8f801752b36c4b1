// `pnpm bench [NAME…]`: side-by-side measurements. Each prints a table of medians and ratios; absolute times mean little.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const benches: Record<string, string> = {
  gateway: 'The gateway on one core, beside nginx, HAProxy, Caddy and http-proxy',
  routes: 'From a change to the first request that sees it, beside a reload of nginx',
  dns: 'The resolver on one core, beside dnsmasq, unbound and CoreDNS',
  names: 'From a change to the first answer that has it, beside dnsmasq and its hosts files',
  up: 'Cloning, beside starting the same processes by hand; with 1 GB beside 1 MB of data; waking',
  scale: 'Thirty clones at once; ten thousand attached environments',
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  console.log(`\n## ${benches[name]}\n`)
  const { bench } = (await import(pathToFileURL(resolve(import.meta.dirname, `${name}.ts`)).href)) as { bench: () => Promise<void> }
  await bench()
}
