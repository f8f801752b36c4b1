import { StandinError } from '@standin/client'
import Type, { type Static } from 'typebox'
import type { UsageSpan } from '../metering/usage-span.ts'

const Category = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 128, description: 'The label whose values are told apart' }),
    multi: Type.Boolean({ default: false, description: 'It may hold several values: each of them bears an equal share' }),
    separator: Type.String({ minLength: 1, maxLength: 10, default: ',', description: 'Between the values' }),
  },
  { additionalProperties: false },
)

export const CategoriesConfig = Type.Array(Category, {
  default: [],
  maxItems: 20,
  description: 'Labels that become columns of reports',
})
export type CategoriesConfig = Static<typeof CategoriesConfig>

/** So many values of one label are told apart; the rest of them is left out. */
const mostValues = 16
const none: readonly string[] = ['']

/** Something by which usage is told apart. */
export interface Dimension {
  /** Its column: `project`, `label:team`. */
  readonly id: string
  /** At least one, `''` where it has none; each of several bears an equal share. */
  valuesOf(span: UsageSpan): readonly string[]
}

/** `shop` of `shop@7`; empty for what is no clone. */
export function templateNameOf({ template }: UsageSpan): string {
  return template === null ? '' : template.slice(0, template.lastIndexOf('@'))
}

const fixed: Readonly<Record<string, (span: UsageSpan) => string>> = {
  // A template that is stored is told apart from its clones.
  environment: ({ environment, template }) => (environment === null ? (template ?? '') : String(environment)),
  owner: ({ owner }) => owner,
  project: ({ labels }) => labels.project ?? '',
  template: templateNameOf,
  version: ({ template }) => template ?? '',
}

/** What reports can be made by: the fixed ones, and `label:<key>` for each category. */
export class Dimensions {
  readonly categories: CategoriesConfig

  /** @throws StandinError `invalid` for two categories of one label */
  constructor(categories: CategoriesConfig) {
    this.categories = categories
    const labels = categories.map(({ label }) => label)
    const twice = labels.find((label, index) => labels.indexOf(label) !== index)
    if (twice !== undefined) throw new StandinError('invalid', `categories: there are two of the label ${twice}`, { hint: 'Keep one' })
  }

  get ids(): string[] {
    return [...Object.keys(fixed), ...this.categories.map(({ label }) => `label:${label}`)]
  }

  /** @param id `project`, `label:team`, or `team` for short @throws StandinError `invalid` for one that there is not */
  get(id: string): Dimension {
    const read = Object.hasOwn(fixed, id) ? fixed[id] : undefined
    if (read !== undefined) return { id, valuesOf: (span) => [read(span)] }
    const category = this.categories.find(({ label }) => id === `label:${label}` || id === label)
    if (category === undefined)
      throw new StandinError('invalid', `There is no report by '${id.slice(0, 80)}'`, {
        hint: `There are ${this.ids.join(', ')}; \`categories\` of the configuration names further labels`,
      })
    const { label, multi, separator } = category
    if (!multi) return { id: `label:${label}`, valuesOf: ({ labels }) => [labels[label] ?? ''] }
    return { id: `label:${label}`, valuesOf: ({ labels }) => split(labels[label], separator) }
  }
}

function split(text: string | undefined, separator: string): readonly string[] {
  if (text === undefined) return none
  const values = new Set<string>()
  for (const part of text.split(separator)) {
    const value = part.trim()
    if (value !== '' && values.size < mostValues) values.add(value)
  }
  return values.size === 0 ? none : [...values]
}
