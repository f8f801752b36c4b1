import type { ToldRule } from './message.ts'

/** What the names of rules mean; those with a detail say it themselves. */
const meanings: Readonly<Record<string, string>> = {
  access: 'refused: the resolver does not serve that network (--allow)',
  opcode: 'refused: it only answers queries',
  malformed: 'the question could not be read',
  'edns-version': 'this version of EDNS is not known',
  class: 'refused: only the class IN is answered',
  type: 'refused: no name has that type',
  'not-loaded': 'no table of names yet: control has not been reached',
  alias: 'a name that was given to an environment',
  'own-zone': "a name of Standin's domain",
  'reverse-zone': 'the name of an address of an instance',
  file: "dnsmasq's file",
  'local-zone': 'a zone that is nobody’s to ask for (RFC 6303, RFC 6761)',
  localhost: 'localhost is this machine (RFC 6761)',
  forward: 'others were asked',
  nobody: 'refused: no name of ours, and nobody to ask',
  fault: 'a fault in Standin: see the log of the resolver',
}

/** `own-zone: a service of environment 1001 (running, of alice): the gateway; 0.02 ms`. */
export function ruleText(told: ToldRule | null): string {
  if (told === null) return 'not told: the server is no resolver of Standin, or not on this machine'
  return `${told.rule}: ${told.detail ?? meanings[told.rule] ?? 'not known here'}; ${told.ms} ms`
}
