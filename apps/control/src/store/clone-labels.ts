import type { Stack } from '@standin/client'
import { suspendLabels } from '@standin/client/suspend-labels'

/** Labels of a clone: those of its template, and over them its own. What is asked whether it is busy is one, where none is said. */
export function cloneLabels({ busy, labels }: Stack, own: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...(busy === undefined ? {} : { [suspendLabels.busyPath]: `${busy.service}${busy.path}` }), ...labels, ...own }
}
