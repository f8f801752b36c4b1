import { askPlugin } from '../ask-plugin.ts'
import { type ClassSummary, classPath, formatPhase } from '../class-question.ts'
import { formatInstant } from '../environment-text.ts'
import { oneLine } from '../one-line.ts'
import { formatTable } from '../table.ts'
import type { Verb } from '../verb.ts'

interface Shown extends ClassSummary {
  readonly seats: readonly {
    readonly seat: number
    readonly student: string | null
    readonly state: string
    readonly environment: number | null
    readonly url: string | null
    readonly resetting: boolean
    readonly trouble: string | null
  }[]
  readonly report: readonly { readonly at: string; readonly seat: number | null; readonly message: string }[]
}

export const classShow: Verb<readonly [string]> = {
  description: 'Its seats with their URLs, and a report of what failed and what was reset.',
  arguments: [{ name: '<class>', description: 'its name' }],
  examples: [
    ['standin class show intro', 'who finds what where'],
    ["standin class show intro --json | jq -r '.seats[] | [.student, .url] | @csv'", 'a list for the students'],
  ],
  async run(context, [name]) {
    const shown = await askPlugin<Shown>(context, 'classroom', classPath(name))
    await context.output.one(shown, () => {
      const seats = formatTable<Shown['seats'][number]>(
        [
          { title: 'SEAT', value: ({ seat }) => String(seat), align: 'right' },
          { title: 'STUDENT', value: ({ student }) => oneLine(student ?? '') },
          { title: 'STATE', value: ({ state, resetting }) => (resetting ? `${state}, being made anew` : state) },
          { title: 'ID', value: ({ environment }) => (environment === null ? '' : String(environment)), align: 'right' },
          { title: 'URL', value: ({ url }) => url ?? '' },
          { title: 'TROUBLE', value: ({ trouble }) => oneLine(trouble ?? '') },
        ],
        shown.seats,
      )
      const report = shown.report.map(({ at, seat, message }) => {
        return `${formatInstant(at)}  ${seat === null ? '' : `seat ${seat}: `}${oneLine(message)}`
      })
      const phase = [shown.phase, formatPhase(shown)].filter((each) => each !== '').join(', ')
      const head = `${shown.name}: ${phase}; ${oneLine(shown.version ?? shown.template)}`
      return [
        head,
        ...(shown.trouble === null ? [] : [oneLine(shown.trouble)]),
        '',
        seats.trimEnd(),
        ...(report.length === 0 ? [] : ['', ...report]),
      ].join('\n')
    })
  },
}
