import type { EnvironmentState } from '@standin/client'

/** What somebody has to do where an environment doesn't wake by itself; undefined where it does. */
export const nextStep = (id: number, state: EnvironmentState): string | undefined => {
  switch (state) {
    case 'stopped':
      return `\`standin resume ${id}\` starts it.`
    case 'stopping':
      return `Once it is stopped, \`standin resume ${id}\` starts it again.`
    case 'failed':
      return `\`standin show ${id}\` and \`standin logs ${id}\` tell what failed.`
    case 'deleting':
    case 'deleted':
      return `\`standin show ${id}\` tells why; \`standin undelete ${id}\` brings it back if it is still in the trash.`
    default:
      return undefined
  }
}
