import { type Environment, StandinError, shellWord } from '@standin/client'
import type { AdmissionRequest, PluginContext } from '@standin/core'
import type { KnownThings } from '../metering/known-things.ts'
import type { MeteringConfig } from '../metering/metering-config.ts'
import { holdsHosts, svmsOf } from '../metering/svms.ts'
import type { MonthCosts } from '../rates/month-costs.ts'
import { amountText, holderText, type QuotaShare, sharesText } from './quota-text.ts'
import { type QuotaHolder, type QuotaLimits, type QuotaMeasure, quotaMeasures } from './quotas-config.ts'
import { sharesOf, spentShares } from './shares.ts'

/** What a holder has of something, and what of it each. */
interface Use {
  readonly used: number
  readonly shares: readonly QuotaShare[]
}

/**
 * Refuses what goes beyond a quota. It asks control what there is just now: metering may be behind, and what was admitted
 * a moment ago counts.
 */
export class Admission {
  readonly #limits: QuotaLimits
  readonly #defaultSize: MeteringConfig['defaultSize']
  readonly #client: PluginContext['client']
  readonly #things: Pick<KnownThings, 'listed'>
  readonly #month: MonthCosts
  readonly #currency: string

  constructor(
    limits: QuotaLimits,
    defaultSize: MeteringConfig['defaultSize'],
    client: PluginContext['client'],
    things: Pick<KnownThings, 'listed'>,
    month: MonthCosts,
    currency: string,
  ) {
    this.#limits = limits
    this.#defaultSize = defaultSize
    this.#client = client
    this.#things = things
    this.#month = month
    this.#currency = currency
  }

  /** @throws StandinError `quota_exceeded`: which quota, who has how much of it, what to do */
  async admit(request: AdmissionRequest, signal: AbortSignal): Promise<void> {
    // What is attached runs elsewhere.
    if (request.template === null) return
    const holders: readonly QuotaHolder[] = [
      { kind: 'project', name: request.labels.project ?? '' },
      { kind: 'user', name: request.owner },
    ]
    for (const holder of await this.#concerned(holders, request, signal)) {
      const limits = this.#limits.of(holder)
      const wanted = this.#wanted(request)
      const measures = quotaMeasures.filter((measure) => limits[measure] !== undefined && wanted[measure] !== undefined)
      if (measures.length === 0) continue
      const found = measures.some((measure) => measure !== 'moneyPerMonth') ? await this.#find(holder, request.environment, signal) : []
      for (const measure of measures) {
        const limit = limits[measure] as number
        const use =
          measure === 'moneyPerMonth' ? await this.#spent(holder, request) : await this.#use(measure, holder, found, request, signal)
        const more = wanted[measure] as number
        // Storage and money are not known before: where there is none left, nothing begins.
        const isOver = more > 0 ? use.used + more > limit : use.used >= limit
        if (isOver) throw this.#refusal(holder, measure, limit, use, more)
      }
    }
  }

  /** What moves takes nothing more of who has it already. */
  async #concerned(holders: readonly QuotaHolder[], { action, environment }: AdmissionRequest, signal: AbortSignal) {
    if (action !== 'move' || environment === null) return holders
    const { owner, labels } = await this.#client.environments.get(environment, { signal })
    return holders.filter(({ kind, name }) => name !== (kind === 'user' ? owner : (labels.project ?? '')))
  }

  /** What the request takes of each; absent: it does not matter for it. */
  #wanted({ action, hosts, desired, storageBytes }: AdmissionRequest): Partial<Record<QuotaMeasure, number>> {
    const svms = desired === 'running' ? svmsOf(hosts, this.#defaultSize) : 0
    return {
      ...(action !== 'run' ? { environments: 1, storage: storageBytes ?? 0 } : {}),
      ...(svms > 0 ? { svms } : {}),
      moneyPerMonth: 0,
    }
  }

  /** The holder's clones, but for the one that wants to run. */
  async #find({ kind, name }: QuotaHolder, besides: number | null, signal: AbortSignal): Promise<Environment[]> {
    const query = kind === 'user' ? { owner: name } : { label: [`project=${name}`] }
    const found: Environment[] = []
    for await (const environment of this.#client.environments.iterate({ ...query, limit: 1000 }, { signal })) {
      if (environment.id !== besides && environment.template !== null && environment.desired !== 'deleted') found.push(environment)
    }
    return found
  }

  async #use(
    measure: QuotaMeasure,
    { kind }: QuotaHolder,
    found: readonly Environment[],
    request: AdmissionRequest,
    signal: AbortSignal,
  ): Promise<Use> {
    const amounts: [string, number][] = []
    let used = 0
    for (const environment of found) {
      const amount = await this.#amount(measure, environment, signal)
      used += amount
      if (isTold(environment.labels.project, request, environment.ownerId !== null))
        amounts.push([kind === 'project' ? environment.owner : environment.name, amount])
    }
    return { used, shares: sharesOf(amounts) }
  }

  async #amount(measure: QuotaMeasure, environment: Environment, signal: AbortSignal): Promise<number> {
    if (measure === 'environments') return 1
    if (measure === 'storage') return environment.storageBytes ?? 0
    // What was admitted but does not run yet has its place already.
    if (environment.desired !== 'running' && !holdsHosts[environment.state]) return 0
    return (await this.#things.listed(environment, signal)).known.svms
  }

  async #spent(holder: QuotaHolder, request: AdmissionRequest): Promise<Use> {
    const { spent, monthByProject, monthByOwner } = await this.#month.recall()
    const by = holder.kind === 'project' ? monthByProject : monthByOwner
    return {
      used: by.get(holder.name) ?? 0,
      shares: spentShares(
        holder,
        spent.filter(({ project }) => isTold(project, request)),
      ),
    }
  }

  #refusal(holder: QuotaHolder, measure: QuotaMeasure, limit: number, { used, shares }: Use, more: number): StandinError {
    const who = `The ${holderText(holder)}`
    const [may, has] = [amountText(measure, limit, this.#currency), amountText(measure, used, this.#currency)]
    const wants = more > 1 ? `; this would take ${amountText(measure, more, this.#currency)} more` : ''
    const words: Record<QuotaMeasure, string> = {
      environments: `${who} may have ${may} ${limit === 1 ? 'environment' : 'environments'} and has ${has}`,
      svms: `${who} may run ${may} SVMs and runs ${has}${wants}`,
      storage: `${who} may hold ${may} of storage and holds ${has}${wants}`,
      moneyPerMonth: `${who} may spend ${may} a month and has spent ${has}`,
    }
    const filter = holder.kind === 'project' ? `--label ${shellWord(`project=${holder.name}`)}` : `--owner ${shellWord(holder.name)}`
    const steps: Record<QuotaMeasure, string> = {
      environments: `Delete what is not needed: \`standin list ${filter}\``,
      svms: `Suspend what is not needed: \`standin list --state running ${filter}\``,
      storage: `Delete what is not needed: \`standin list ${filter}\``,
      moneyPerMonth: 'It begins anew with the next month',
    }
    const listed = shares.length === 0 ? '' : `: ${sharesText(measure, shares, this.#currency)}`
    return new StandinError('quota_exceeded', `${words[measure]}${listed}`, {
      hint: `${steps[measure]}. Or ask whoever keeps the quotas for more; \`standin usage quotas\` shows them`,
    })
  }
}

/**
 * Whether who is refused is told of what is in a project: a visitor of nothing, a user of the project in which they act, and of what is
 * theirs and in none. Their roles in other ones are not known here.
 * @param isOfUser false: its owner is a token, which may have the name of a user
 */
function isTold(project: string | undefined, { actor, owner, labels }: AdmissionRequest, isOfUser = true): boolean {
  if (actor === 'gateway') return false
  if (!actor.startsWith('user:')) return true
  return (project || '') === '' ? isOfUser && actor === `user:${owner}` : project === labels.project
}
