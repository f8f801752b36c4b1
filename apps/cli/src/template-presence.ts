import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'

/**
 * For a list that came out empty: is nothing there, or is the name wrong?
 * @param ref `shop`, `shop@7` or `shop:stable`
 * @throws StandinError `template_not_found`, `channel_not_found`
 */
export async function requireTemplate({ connect, signal }: Context, ref: string): Promise<void> {
  const client = await connect()
  if (/[@:]/.test(ref)) {
    await client.templates.get(ref, { signal })
    return
  }
  const { items } = await client.templates.list({ name: ref, limit: 1 }, { signal })
  if (items.length === 0)
    throw new StandinError('template_not_found', `There is no template ${ref}.`, { hint: '`standin template list` shows those there are.' })
}
