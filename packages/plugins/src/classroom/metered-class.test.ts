import { bootPlugin } from '@standin/testing/plugin'
import { expect, it } from 'vitest'
import { usagePlugin } from '../usage/usage-plugin.ts'
import { classroomPlugin } from './classroom-plugin.ts'

const intro = {
  ...{ name: 'intro', template: 'shop:latest', seats: 3, wave: 1, check: false, project: 'training' },
  timetable: [{ days: '1-5', from: '09:00', to: '12:00', timeZone: 'UTC' }],
}
const usage = {
  rates: { currency: 'EUR', svmHour: 0.1 },
  quotas: [
    { project: 'training', environments: 3 },
    { user: '*', environments: 2 },
    // Whose the seats are.
    { user: 'classroom', environments: 100 },
  ],
}

it('a class costs its project what its seats use, and is held where its quota has room for no seat more', {
  timeout: 120_000,
}, async () => {
  await using booted = await bootPlugin(
    classroomPlugin,
    { classes: [intro] },
    // What a quota does not answer within two seconds is let through.
    { at: '2026-03-02T08:00:00Z', beside: [[usagePlugin, usage]], limits: { admitMs: 30_000 } },
  )
  await booted.clone('mine')
  const ask = <T>(path: `/${string}`, body?: object) =>
    booted.client.plugins.ask<T>('usage', path, { method: body === undefined ? 'GET' : 'POST', body })
  const cost = async () => {
    const { id } = await ask<{ id: string }>('/reports', { from: '2026-03-02', to: '2026-03-04', by: ['project'] })
    await expect.poll(async () => (await ask<{ state: string }>(`/reports/${id}`)).state).toBe('done')
    const { rows } = await ask<{ rows: { project: string | null; svmHours: number; cost: number }[] }>(`/reports/${id}/content`)
    return rows.filter(({ project }) => project === 'training').map(({ svmHours, cost }) => [svmHours, cost])
  }
  const seats = async () => {
    const { items } = await booted.client.environments.list({ limit: 1000 })
    return items.flatMap(({ name, id, state }) => (name === 'mine' ? [] : [`${name} ${id} ${state}`])).sort()
  }
  await booted.advanceTo('2026-03-02T12:01:00Z')
  // Three hosts each, from half an hour before on; what sleeps costs nothing.
  expect([await seats(), await cost()]).toEqual([[2, 3, 4].map((id) => `intro-${id - 1} 100${id} suspended`), [[31.5, 3.15]]])
  await booted.stop()
  booted.clock.moveTo(Date.parse('2026-03-03T08:29:00Z'))
  await booted.start()
  await booted.advanceTo('2026-03-03T09:00:00Z')
  expect([await seats(), await cost()]).toEqual([[5, 6, 7].map((id) => `intro-${id - 4} 100${id} running`), [[36, 3.6]]])
})
