/** A value as JSON has it, under the names that a schema gives its attributes. */
export type ScimValue = string | number | boolean | ScimObject | readonly ScimObject[] | readonly string[]
export interface ScimObject {
  readonly [name: string]: ScimValue | undefined
}

/** How an attribute is (RFC 7643, section 2.2). */
export interface Attribute {
  readonly name: string
  readonly description: string
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex'
  readonly multiValued: boolean
  readonly required: boolean
  /** Of text: whether `Ada` is something else than `ada`. */
  readonly caseExact: boolean
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable'
  readonly returned: 'always' | 'default'
  readonly uniqueness: 'none' | 'server'
  /** Of a complex one. */
  readonly subAttributes: readonly Attribute[]
}

/** Of one kind of resource: its own attributes, then each extension as one attribute that is called by its URN. */
export interface ResourceSchema {
  readonly id: string
  readonly name: 'User' | 'Group'
  readonly description: string
  /** `/Users` */
  readonly endpoint: string
  readonly attributes: readonly Attribute[]
  readonly extensions: readonly string[]
  /** Of the same schema in RFC 7643, and taken without being kept. Lower case. */
  readonly passedOver: ReadonlySet<string>
}

type Traits = Partial<Omit<Attribute, 'name' | 'description' | 'subAttributes'>>

const plain = {
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
} as const

export function attribute(name: string, description: string, traits: Traits = {}): Attribute {
  return { name, description, ...plain, ...traits, subAttributes: [] }
}

export function complex(name: string, description: string, subAttributes: readonly Attribute[], traits: Traits = {}): Attribute {
  return { name, description, ...plain, type: 'complex', ...traits, subAttributes }
}

/** Names are the same whatever their case (RFC 7643, section 2.1). */
export function named(attributes: readonly Attribute[], name: string): Attribute | undefined {
  const lower = name.toLowerCase()
  return attributes.find((each) => each.name.toLowerCase() === lower)
}

/** What two values of an attribute are compared by. */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
