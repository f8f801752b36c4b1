import { askClassroom, classPath } from '../class-question.ts'
import { confirm } from '../confirm.ts'
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
    const path = `${classPath(name)}/seats/${parseCount(1, 500)(seat)}/reset` as const
    await confirm(context, [`What is in seat ${seat} of ${name} goes to the trash.`], 'Make it anew?', yes)
    await askClassroom(context, path, { method: 'POST' })
    context.messages.info(`Seat ${seat} of ${name} is being made anew; \`standin class show ${name}\` tells when it is there.`)
  },
}
