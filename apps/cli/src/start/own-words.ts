import { StandinError } from '@standin/client/errors'

/**
 * What an app says of the command line that it was started with, or of a port that is taken, for whoever typed the verb: an
 * app names all flags that it knows, and the verb has some of them under its own `--help`.
 * @param verb `gateway`
 * @param flagOf what a flag of the app is called there
 */
export function inOwnWords(problem: StandinError, verb: string, flagOf: (flag: string) => string = (flag) => flag): StandinError {
  if (problem.code === 'port_taken' && verb === 'start') return portTaken(problem, flagOf)
  const faults = (problem.errors ?? []).map((fault) => ({ ...fault, path: flagOf(fault.path) }))
  if (problem.code !== 'invalid' || faults.length === 0 || !faults.every(({ path }) => path.startsWith('--'))) return problem
  const [first] = faults
  const what = faults.length === 1 ? `${first?.path} ${first?.message}.` : `${faults.length} flags are not valid:`
  return new StandinError('invalid', what, { errors: faults, hint: `\`standin ${verb} --help\` explains.`, cause: problem })
}

/** The usual reason is a platform that runs already. */
function portTaken(problem: StandinError, flagOf: (flag: string) => string): StandinError {
  const flag = /--[a-z-]+/.exec(problem.hint ?? '')?.[0]
  if (flag === undefined) return problem
  return new StandinError('port_taken', problem.message, {
    hint: `Give another address with ${flagOf(flag)}, or end what listens there; \`standin start --help\` shows how to run a second platform.`,
    cause: problem,
  })
}
