import { StandinError } from '@standin/client/errors'
import { askPlugin } from '../ask-plugin.ts'
import { classPath } from '../class-question.ts'
import { confirm } from '../confirm.ts'
import { oneLine } from '../one-line.ts'
import { parseCount, type Verb, yesOption } from '../verb.ts'

export const classReset: Verb<readonly [string, string], { yes?: boolean }> = {
  description:
    'Makes a seat anew, from the version that its class has today. What is in it goes to the trash once the new one is up; its URL stays.\n' +
    'Asks first.',
  arguments: [
    { name: '<class>', description: 'its name' },
    { name: '<seat>', description: 'the number of the seat' },
  ],
  options: [yesOption],
  examples: [['standin class reset intro 3', 'the third seat of the class intro']],
  async run(context, [name, seat], { yes }) {
    const number = parseCount(1, 500)(seat)
    const { seats } = await askPlugin<{ seats: readonly { seat: number; student: string | null }[] }>(context, 'classroom', classPath(name))
    const found = seats.find((each) => each.seat === number)
    if (found === undefined) {
      throw new StandinError('invalid', `The class ${name} has no seat ${number}.`, { hint: `\`standin class show ${name}\` lists them.` })
    }
    const whose = found.student === null ? '' : `, that of ${oneLine(found.student)},`
    await confirm(context, [`What is in seat ${number} of ${name}${whose} goes to the trash.`], 'Make it anew?', yes)
    await askPlugin(context, 'classroom', `${classPath(name)}/seats/${number}/reset`, { method: 'POST' })
    context.messages.info(`Seat ${seat} of ${name} is being made anew; \`standin class show ${name}\` tells when it is there.`)
  },
}
