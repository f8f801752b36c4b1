import type { Environment, Template } from '@standin/client'
import { hideCredentials, hideSecret } from './hide-secrets.ts'
import type { Block, Page, Part, Text } from './page.ts'
import { plainLine } from './plain-line.ts'
import { topologyOf } from './topology.ts'

/** What a plugin has to say of an environment: a title and lines. */
export interface PageSection {
  readonly plugin: string
  readonly title: string
  readonly rows: readonly { readonly name: string; readonly value: string; readonly url?: string | undefined }[]
}

export interface PageSource {
  readonly environment: Environment
  /** What it was cloned from; null: nothing, or it is gone. */
  readonly template: Template | null
  /** Further names that lead to it: `demo.test-envs.localhost`. */
  readonly aliases: readonly string[]
}

const nothing = '–'
const list = (values: readonly string[]) => (values.length === 0 ? nothing : values.join(', '))
const code = (text: string): Text => [{ code: text }]
const instant = (text: string) => `${text.slice(0, 16).replace('T', ' ')} UTC`

/** @param sections of plugins: they change by themselves, and alone are no reason to write a page */
export function environmentPage({ environment, template, aliases }: PageSource, sections: readonly PageSection[]): Page {
  const { id, name, owner, state } = environment
  const from = environment.template === null ? environment.provider : `${environment.template.name}@${environment.template.version}`
  const blocks: Block[] = [
    { kind: 'table', columns: ['', ''], rows: facts(environment, template, from) },
    ...services(environment, aliases),
    ...hosts(environment),
    ...topology(environment, template),
    ...provenance(template),
    ...labels(environment),
    ...sections.flatMap(section),
  ]
  const page: Page = {
    key: String(id),
    title: `${name} (${id})`,
    summary: `${state}, ${owner}, ${from}`,
    tags: tags(environment),
    about: {
      name,
      state,
      owner,
      project: projectOf(environment),
      template: environment.template === null ? null : from,
      links: environment.services.map((service) => ({ title: service.name, url: service.url })),
    },
    blocks,
  }
  return JSON.parse(JSON.stringify(page), (_, value) => (typeof value === 'string' ? plainLine(value) : value))
}

function facts(environment: Environment, template: Template | null, from: string): Text[][] {
  const { id, state, reason, owner, createdAt, suspendAfterMs, purgeAt, provider } = environment
  const rows: Text[][] = [
    ['configId', String(id)],
    ['State', `${state} since ${instant(environment.stateChangedAt)}`],
    ['Why', `${hideCredentials(reason.message)} (${reason.actor})`],
    ['Owner', owner],
    ['Template', template === null && environment.template !== null ? `${from}, which is gone` : from],
    ['Provider', provider],
    ['Made', instant(createdAt)],
    ['Sleeps when idle for', suspendAfterMs === null || suspendAfterMs === 0 ? nothing : `${Math.round(suspendAfterMs / 60_000)} minutes`],
  ]
  if (purgeAt !== null) rows.push(['In the trash until', instant(purgeAt)])
  return rows
}

function services({ services }: Environment, aliases: readonly string[]): Block[] {
  if (services.length === 0) return []
  const rows = services.map(({ name, url, endpoints, paths = [] }): Text[] => {
    const ports = [...new Set([endpoints, ...paths.map((each) => each.endpoints)].flat().map(({ port }) => String(port)))]
    return [name, [{ link: url, text: url }], list(ports), list(paths.map(({ path }) => path))]
  })
  const also: Block[] = aliases.length === 0 ? [] : [{ kind: 'paragraph', text: ['Also reached as ', ...codes(aliases), '.'] }]
  return [{ kind: 'heading', text: 'Services' }, { kind: 'table', columns: ['Service', 'URL', 'Ports', 'Paths of others'], rows }, ...also]
}

function codes(texts: readonly string[]): Part[] {
  return texts.flatMap((text, index): Part[] => [...(index === 0 ? [] : [', ']), { code: text }])
}

function hosts({ hosts }: Environment): Block[] {
  if (hosts.length === 0) return []
  const rows = hosts.flatMap(({ name, fqdn, ports, instances }): Text[][] =>
    instances.length === 0
      ? [[name, code(fqdn), nothing, list(ports.map(String)), nothing]]
      : instances.map(({ name: instance, address, state, reason }) => [
          instance,
          code(fqdn),
          code(address),
          list(ports.map(String)),
          reason === null ? state : `${state}: ${hideCredentials(reason)}`,
        ]),
  )
  return [
    { kind: 'heading', text: 'Hosts' },
    { kind: 'table', columns: ['Host', 'Name', 'Address', 'Ports', 'State'], rows },
  ]
}

function topology(environment: Environment, template: Template | null): Block[] {
  const drawn = topologyOf(environment, template)
  return drawn.nodes.length === 0
    ? []
    : [
        { kind: 'heading', text: 'Topology' },
        { kind: 'drawing', topology: drawn },
      ]
}

function provenance(template: Template | null): Block[] {
  if (template === null) return []
  const { ref, createdAt, provenance: from } = template
  const rows: Text[][] = [
    ['Version', ref],
    ['Built', `${instant(createdAt)}, build ${from.build}, by ${from.actor}`],
    ['Blueprint', code(from.blueprintHash)],
    ['Inputs', [`${from.inputs.files} files, ${from.inputs.bytes} bytes, `, { code: from.inputs.hash }]],
    ['Fixtures', list(from.fixtures.map(({ name, rows }) => `${name} (${rows} rows)`))],
    ['Checks', list(from.checks.map(({ name, ok }) => `${name} ${ok ? 'passed' : 'failed'}`))],
  ]
  return [
    { kind: 'heading', text: 'Template' },
    { kind: 'table', columns: ['', ''], rows },
  ]
}

function labels({ labels }: Environment): Block[] {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length === 0) return []
  const rows = entries.map(([key, value]): Text[] => [code(key), hideSecret(key, value)])
  return [
    { kind: 'heading', text: 'Labels and user data' },
    { kind: 'table', columns: ['Key', 'Value'], rows },
  ]
}

function section({ title, rows }: PageSection): Block[] {
  if (rows.length === 0) return []
  const lines = rows.map(({ name, value, url = '' }): Text[] => {
    const text = hideCredentials(value)
    // A path of control's own leads nowhere from here; an address of another kind would be a script in somebody's browser.
    return [name, /^https?:\/\//i.test(url) ? [{ link: hideCredentials(url), text }] : text]
  })
  return [
    { kind: 'heading', text: title },
    { kind: 'table', columns: ['', ''], rows: lines },
  ]
}

function tags(environment: Environment): string[] {
  const { state, template } = environment
  const project = projectOf(environment)
  const all = [
    'standin',
    `state-${state}`,
    ...(template === null ? [] : [`template-${template.name}`]),
    ...(project === null ? [] : [`project-${project}`]),
  ]
  return all.map(tagOf)
}

function projectOf({ labels: { project } }: Environment): string | null {
  return project === undefined || project === '' ? null : hideSecret('project', project)
}

/** Words of letters and digits with single dashes between them, at most 63 characters: what every catalog takes for a tag. */
function tagOf(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.join('-').slice(0, 63).replace(/-$/, '')
}
