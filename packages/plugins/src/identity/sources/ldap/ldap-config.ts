import Type, { type Static } from 'typebox'
import { sourceOptions } from '../source-options.ts'

const Attribute = (description: string, byDefault?: string) =>
  Type.String({
    pattern: '^[A-Za-z][A-Za-z0-9-]{0,99}$',
    description,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  })
const Base = Type.String({ minLength: 1, maxLength: 1000, description: 'DN of what they are below: `ou=people,dc=example,dc=com`' })
const Filter = (byDefault: string) => Type.String({ default: byDefault, minLength: 1, maxLength: 4000, description: 'RFC 4515' })
const File = (description: string) => Type.String({ minLength: 1, maxLength: 1000, description })

const PersonAttributes = Type.Object(
  {
    id: Attribute('What never changes: `objectGUID` of Active Directory', 'entryUUID'),
    userName: Attribute('`sAMAccountName` of Active Directory', 'uid'),
    displayName: Attribute('', 'cn'),
    email: Attribute('', 'mail'),
    manager: Type.Optional(Attribute('A DN: who gets their environments when they go')),
  },
  { additionalProperties: false, default: {} },
)

const Disabled = Type.Object(
  {
    attribute: Attribute('`userAccountControl` of Active Directory'),
    bit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31, description: 'Set in its number; 2 of Active Directory' })),
    value: Type.Optional(Type.String({ maxLength: 200, description: 'It has this value, whatever its case' })),
  },
  { additionalProperties: false, description: 'How to know who may not sign in. Without `bit` and `value`: who has the attribute' },
)

const People = Type.Object(
  {
    base: Base,
    filter: Filter('(objectClass=inetOrgPerson)'),
    attributes: PersonAttributes,
    disabled: Type.Optional(Disabled),
    export: Type.Array(Attribute(''), {
      default: [],
      maxItems: 50,
      description: 'Attributes that are given out as CSV, for fixtures of blueprints',
    }),
  },
  { additionalProperties: false },
)

const Groups = Type.Object(
  {
    base: Base,
    filter: Filter('(objectClass=groupOfNames)'),
    members: Type.Enum(['member', 'uniqueMember', 'memberUid', 'memberOf'], {
      default: 'member',
      description: 'Attribute that says who is in it; `memberOf` is one of people',
    }),
    nested: Type.Boolean({
      default: false,
      description: 'Who is in a group that is in it is in it too; both have to fit `base` and `filter`',
    }),
    attributes: Type.Object(
      { id: Attribute('What never changes', 'entryUUID'), displayName: Attribute('', 'cn') },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false },
)

export const LdapConfig = Type.Object(
  {
    ...sourceOptions,
    url: Type.String({ maxLength: 300, description: '`ldaps://ldap.example.com`, or `ldap://` with `startTls`' }),
    startTls: Type.Boolean({ default: false, description: 'Begin TLS on the port of `ldap://` (RFC 4511, section 4.14)' }),
    caFile: Type.Optional(File('Absolute path of the certificates that are trusted; default: those of Node')),
    bind: Type.Optional(
      Type.Object(
        {
          dn: Type.String({ minLength: 1, maxLength: 1000 }),
          passwordFile: File('Absolute path of a file that holds the password and nothing else, mode 0600'),
        },
        { additionalProperties: false, description: 'Default: nobody, anonymously' },
      ),
    ),
    pageSize: Type.Integer({ default: 500, minimum: 1, maximum: 10_000, description: 'Entries that are asked for at once' }),
    people: People,
    groups: Type.Optional(Groups),
  },
  { additionalProperties: false },
)
export type LdapConfig = Static<typeof LdapConfig>
