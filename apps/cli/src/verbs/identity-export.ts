import { download } from '../download.ts'
import { sourcePath } from '../identity-question.ts'
import type { Verb } from '../verb.ts'

interface Options {
  readonly columns?: string
  readonly file?: string
}

export const identityExport: Verb<readonly [string], Options> = {
  description:
    'CSV of who is in an LDAP directory now and may sign in: the fixture of a blueprint. Only attributes that its configuration names\n' +
    'in people.export are given out.',
  arguments: [{ name: '<source>', description: 'its id', completes: 'source' }],
  options: [
    { flags: '--columns <names>', description: 'attributes, uid,mail; default: all that are given out' },
    { flags: '--file <file>', description: 'write to a file, which stays as it is where the directory can not be read', completes: 'path' },
  ],
  examples: [
    ['standin identity export corp --file fixtures/people.csv', 'people for the blueprint of this folder'],
    ['standin identity export corp --columns uid,mail | head', 'a look at them'],
  ],
  async run(context, [source], { columns, file }) {
    const query = columns === undefined ? '' : `?${new URLSearchParams({ columns })}`
    await download(context, `/v1/plugins/identity${sourcePath(source)}/people.csv${query}`, file)
    if (file !== undefined) context.messages.info(`The people of ${source} are in ${file}.`)
  },
}
