import { StandinError } from '@standin/client'
import Type, { type Static } from 'typebox'
import { madeAt, makeAll } from '../make-all.ts'

const QuotaEntry = Type.Object(
  {
    project: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: 'What has this label `project`; `*`: each project by itself' }),
    ),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'What this owner has; `*`: each owner by itself' })),
    environments: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Clones, whether they run or not; those in the trash are not counted' }),
    ),
    svms: Type.Optional(Type.Integer({ minimum: 0, description: 'That run at the same time' })),
    storage: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,9}(\\.[0-9]{1,3})?[mgt]$', description: 'That clones hold by themselves: `500g`' }),
    ),
    moneyPerMonth: Type.Optional(
      Type.Number({ minimum: 0, description: 'In the currency of the rates, from the first to the last of a month' }),
    ),
  },
  { additionalProperties: false, description: 'One of project and user' },
)

export const QuotasConfig = Type.Array(QuotaEntry, {
  default: [],
  maxItems: 1000,
  description: 'What projects and users may have. One that is named has its own in the place of that of `*`, figure by figure',
})
export type QuotasConfig = Static<typeof QuotasConfig>

export const quotaMeasures = ['environments', 'svms', 'storage', 'moneyPerMonth'] as const
export type QuotaMeasure = (typeof quotaMeasures)[number]

/** Who a quota is for. */
export interface QuotaHolder {
  readonly kind: 'project' | 'user'
  readonly name: string
}

export type Limits = Readonly<Partial<Record<QuotaMeasure, number>>>

/** What each project and each user may have. */
export class QuotaLimits {
  readonly #limits: Readonly<Record<QuotaHolder['kind'], ReadonlyMap<string, Limits>>>

  /** @throws StandinError `invalid`: an entry for nobody or for two, two entries for one, one that limits nothing */
  constructor(config: QuotasConfig) {
    const limits = { project: new Map<string, Limits>(), user: new Map<string, Limits>() }
    makeAll(...config.map((entry, index) => madeAt(`/quotas/${index}`, () => readEntry(entry, `quotas[${index}]`, limits))))
    this.#limits = limits
  }

  get isEmpty(): boolean {
    return this.#limits.project.size === 0 && this.#limits.user.size === 0
  }

  /** Whether anybody's money is limited. */
  get hasMoney(): boolean {
    return [...this.#limits.project.values(), ...this.#limits.user.values()].some(({ moneyPerMonth }) => moneyPerMonth !== undefined)
  }

  /** Those that are named by themselves. */
  get named(): QuotaHolder[] {
    return (['project', 'user'] as const).flatMap((kind) =>
      [...this.#limits[kind].keys()].filter((name) => name !== '*').map((name) => ({ kind, name })),
    )
  }

  of({ kind, name }: QuotaHolder): Limits {
    // What has no project is nobody's, not that of a project without a name.
    if (name === '') return {}
    return { ...this.#limits[kind].get('*'), ...(name === '*' ? {} : this.#limits[kind].get(name)) }
  }
}

function readEntry(
  { project, user, storage, ...others }: QuotasConfig[number],
  where: string,
  limits: Readonly<Record<QuotaHolder['kind'], Map<string, Limits>>>,
): void {
  if ((project === undefined) === (user === undefined))
    throw new StandinError('invalid', `${where} is for ${project === undefined ? 'nobody' : 'a project and a user'}`, {
      hint: 'Give it either `project` or `user`',
    })
  const [kind, name] = project === undefined ? (['user', user ?? ''] as const) : (['project', project] as const)
  if (limits[kind].has(name))
    throw new StandinError('invalid', `${where}: there are two quotas for the ${kind} ${name}`, { hint: 'Put both into one entry' })
  const own = { ...others, ...(storage === undefined ? {} : { storage: bytesOf(storage) }) }
  if (Object.keys(own).length === 0)
    throw new StandinError('invalid', `${where} limits nothing`, { hint: `Give it one of ${quotaMeasures.join(', ')}` })
  limits[kind].set(name, own)
}

/** Units are powers of 1024, as in blueprints. */
function bytesOf(size: string): number {
  return Math.round(Number(size.slice(0, -1)) * 2 ** { m: 20, g: 30, t: 40 }[size.at(-1) as 'm' | 'g' | 't'])
}
