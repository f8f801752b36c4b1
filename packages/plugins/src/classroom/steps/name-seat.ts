import { type Alias, StandinError } from '@standin/client'
import { copiesOf, type Seat } from '../seat.ts'
import { isRefusal, type Perform, type SeatWork, save } from './seat-work.ts'

/** Lead its host name to what it has now. One that somebody else has is left to them. */
export const publish: Perform<'publish'> = async (seat, _, work) => {
  const { name, signal, print, client } = work
  const environment = seat.current?.environment ?? null
  if (environment === null) return false
  try {
    const before = await aliasOf(seat, work)
    if (before?.isOurs === false)
      throw new StandinError('name_taken', `the host name ${before.host} leads to environment ${before.environment}`)
    const { host } = await client.aliases.set(name, { environment }, { signal })
    return await save({ ...seat, alias: environment, host }, work)
  } catch (error) {
    if (!(isRefusal(error) || (error instanceof StandinError && error.kind === 'authentication'))) throw error
    print(`${name}: no name of its own: ${error.message}`)
    return save({ ...seat, alias: environment, host: null }, work)
  }
}

/** Nothing is left that its host name could lead to. One that was led elsewhere by hand stays. */
export async function unpublish(seat: Seat, work: SeatWork): Promise<void> {
  const { client, signal } = work
  if (seat.host !== null && (await aliasOf(seat, work))?.isOurs === true) {
    await client.aliases.delete(seat.host, { signal }).catch((error: unknown) => {
      if (!(error instanceof StandinError && error.code === 'alias_not_found')) throw error
    })
  }
}

async function aliasOf(seat: Seat, { client, name, signal }: SeatWork): Promise<(Alias & { isOurs: boolean }) | null> {
  try {
    const alias = await client.aliases.get(name, { signal })
    const ours = [seat.alias, ...copiesOf(seat).map(({ environment }) => environment)]
    return { ...alias, isOurs: ours.includes(alias.environment) }
  } catch (error) {
    if (error instanceof StandinError && error.code === 'alias_not_found') return null
    throw error
  }
}

export const rename: Perform<'rename'> = async (seat, _, { name, seen, signal }) => {
  const environment = seat.current === null ? undefined : seen.of(seat.current)
  if (environment === undefined) return false
  try {
    seen.note(await environment.update({ name }, { signal }))
    return true
  } catch (error) {
    // Somebody else has it by now.
    if (error instanceof StandinError && error.code === 'name_taken') return false
    throw error
  }
}
