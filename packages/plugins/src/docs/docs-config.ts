import { TimeZone } from '@standin/core'
import Type, { type Static } from 'typebox'

const WriterId = (name: string) =>
  Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$', default: name, description: 'What it is called in the log; no two alike' })
const Folder = Type.String({ minLength: 1, maxLength: 1000, description: 'Absolute path of a folder; it is made where it is missing' })

const Git = Type.Object(
  {
    author: Type.Object(
      { name: Type.String({ minLength: 1, maxLength: 200 }), email: Type.String({ minLength: 3, maxLength: 200 }) },
      { additionalProperties: false, default: { name: 'Standin', email: 'standin@localhost' } },
    ),
    push: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$', description: 'Remote that is pushed to: `origin`' })),
  },
  { additionalProperties: false, description: 'The folder is in a git repository: commit what changed' },
)

const Markdown = Type.Object(
  {
    id: WriterId('markdown'),
    folder: Folder,
    title: Type.String({ default: 'Environments', maxLength: 200, description: 'Of the index' }),
    git: Type.Optional(Git),
  },
  { additionalProperties: false },
)

const Backstage = Type.Object(
  {
    id: WriterId('backstage'),
    folder: Folder,
    namespace: Type.String({ default: 'default', pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'Of owners and systems' }),
    git: Type.Optional(Git),
  },
  { additionalProperties: false },
)

const Confluence = Type.Object(
  {
    id: WriterId('confluence'),
    site: Type.String({ maxLength: 200, description: '`https://example.atlassian.net`' }),
    email: Type.String({ minLength: 3, maxLength: 200, description: 'Of the account that the token belongs to' }),
    tokenFile: Type.String({
      minLength: 1,
      maxLength: 1000,
      description: 'Absolute path of a file that holds an API token and nothing else',
    }),
    space: Type.String({ pattern: '^[~A-Za-z0-9][A-Za-z0-9_.-]{0,254}$', description: 'Key of the space' }),
    parent: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Title of the page that all stand below; made where it is missing' }),
    ),
    titlePrefix: Type.String({ default: '', maxLength: 255, description: 'In front of each title: titles are unique within a space' }),
    labels: Type.Array(Type.String({ pattern: '^[a-z0-9_-]{1,255}$' }), {
      default: [],
      maxItems: 20,
      description: 'Of each page, besides its own',
    }),
  },
  { additionalProperties: false },
)

export const DocsConfig = Type.Object(
  {
    markdown: Type.Array(Markdown, { default: [], maxItems: 20, description: 'Folders of Markdown files' }),
    confluence: Type.Array(Confluence, { default: [], maxItems: 20, description: 'Spaces of Confluence Cloud' }),
    backstage: Type.Array(Backstage, { default: [], maxItems: 20, description: 'Folders of entities for a Backstage catalog' }),
    vanished: Type.Enum(['purge', 'archive'], {
      default: 'purge',
      description: 'What becomes of the page of an environment that is gone for good',
    }),
    refreshAt: Type.String({
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      default: '04:00',
      description: 'When costs and the like, which grow by themselves, are brought up to date',
    }),
    timeZone: TimeZone({ default: 'UTC' }),
    dryRun: Type.Boolean({ default: false, description: 'Say what would be written, write nothing' }),
  },
  { additionalProperties: false },
)
export type DocsConfig = Static<typeof DocsConfig>
