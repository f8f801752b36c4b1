import { type Attribute, attribute, complex, type ResourceSchema } from './attribute.ts'

export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const readOnly = { mutability: 'readOnly' } as const

/** Of every resource (RFC 7643, section 3.1); not listed in its schema. */
const common: readonly Attribute[] = [
  attribute('schemas', 'Which schemas it is of', { ...readOnly, type: 'reference', multiValued: true, returned: 'always' }),
  attribute('id', 'What Standin knows it by', { ...readOnly, caseExact: true, returned: 'always', uniqueness: 'server' }),
  attribute('externalId', 'What the directory knows it by', { caseExact: true }),
  complex(
    'meta',
    'About the resource itself',
    [
      attribute('resourceType', 'User or Group', { ...readOnly, caseExact: true }),
      attribute('created', 'When it was made', { ...readOnly, type: 'dateTime' }),
      attribute('lastModified', 'When it was changed last', { ...readOnly, type: 'dateTime' }),
      attribute('location', 'Its address', { ...readOnly, type: 'reference', caseExact: true }),
      attribute('version', 'Its ETag', { ...readOnly, caseExact: true }),
    ],
    readOnly,
  ),
]
export const commonNames: ReadonlySet<string> = new Set(common.map(({ name }) => name))

const enterprise = complex(enterpriseUrn, 'Enterprise User', [
  attribute('employeeNumber', 'Number within the organization'),
  attribute('costCenter', 'Name of a cost center'),
  attribute('organization', 'Name of an organization'),
  attribute('division', 'Name of a division'),
  attribute('department', 'Name of a department'),
  complex('manager', 'Who gets their environments when they leave', [
    attribute('value', 'id of the manager: a user who is here already', { caseExact: true }),
    attribute('$ref', 'Address of the manager', { ...readOnly, type: 'reference', caseExact: true }),
    attribute('displayName', 'Name of the manager', readOnly),
  ]),
])

/** RFC 7643, sections 4.1 and 4.3: what there is use for. */
export const userSchema: ResourceSchema = {
  id: userUrn,
  name: 'User',
  description: 'Who may use the platform by name',
  endpoint: '/Users',
  extensions: [enterpriseUrn],
  attributes: [
    ...common,
    attribute('userName', 'Unique, whatever the case', { required: true, uniqueness: 'server' }),
    complex('name', 'The parts of a name', [
      attribute('formatted', 'All of it'),
      attribute('familyName', 'Last name'),
      attribute('givenName', 'First name'),
      attribute('middleName', 'Middle name'),
      attribute('honorificPrefix', 'Title before it'),
      attribute('honorificSuffix', 'Title behind it'),
    ]),
    attribute('displayName', 'As people are shown it; default: the name, or the userName'),
    attribute('nickName', 'As friends call them'),
    attribute('title', 'What they are in the organization'),
    attribute('userType', 'How they belong to the organization'),
    attribute('preferredLanguage', 'Language'),
    attribute('locale', 'How numbers and dates are written'),
    attribute('timezone', 'IANA name of a time zone'),
    attribute('active', 'Whether they may use the platform', { type: 'boolean' }),
    complex(
      'emails',
      'The primary one, else that of work, else the first is unique among active users',
      [
        attribute('value', 'The address'),
        attribute('type', 'work, home, other'),
        attribute('primary', 'Of one of them at most', { type: 'boolean' }),
        attribute('display', 'As people are shown it'),
      ],
      { multiValued: true },
    ),
    complex(
      'groups',
      'Groups that they are in; changed through the group',
      [
        attribute('value', 'id of the group', { ...readOnly, caseExact: true }),
        attribute('$ref', 'Address of the group', { ...readOnly, type: 'reference', caseExact: true }),
        attribute('display', 'displayName of the group', readOnly),
        attribute('type', 'direct: groups do not nest', readOnly),
      ],
      { multiValued: true, ...readOnly },
    ),
    enterprise,
  ],
  passedOver: new Set('profileurl password phonenumbers ims photos addresses entitlements roles x509certificates'.split(' ')),
}

/** RFC 7643, section 4.2. */
export const groupSchema: ResourceSchema = {
  id: groupUrn,
  name: 'Group',
  description: 'Users who get roles together',
  endpoint: '/Groups',
  extensions: [],
  attributes: [
    ...common,
    attribute('displayName', 'Unique, whatever the case', { required: true, uniqueness: 'server' }),
    complex(
      'members',
      'Users; groups do not nest',
      [
        attribute('value', 'id of a user', { caseExact: true, mutability: 'immutable' }),
        attribute('$ref', 'Address of the user', { type: 'reference', caseExact: true, mutability: 'immutable' }),
        attribute('display', 'displayName of the user', { mutability: 'immutable' }),
        attribute('type', 'User', { mutability: 'immutable' }),
      ],
      { multiValued: true },
    ),
  ],
  passedOver: new Set(),
}
