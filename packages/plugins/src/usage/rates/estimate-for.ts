import { StandinError, type Template } from '@standin/client'
import type { Sight } from '../sight.ts'
import type { EstimateRequest } from './estimate.ts'

/**
 * What may be estimated for somebody: prices are those of a project, and sizes those of a template.
 * @param templateOf by its ref, whoever may see it
 * @returns the request, about the version that was looked at
 * @throws StandinError `template_not_found` for one that is not seen, in the words for what isn't there; `forbidden` for a project without
 * a role in it
 */
export async function estimateFor(
  sight: Sight,
  { template: ref, labels = {} }: EstimateRequest,
  templateOf: (ref: string) => Promise<Template>,
): Promise<EstimateRequest> {
  if (sight.isWhole) return { template: ref, labels }
  const template = await templateOf(ref).catch((error: unknown) => {
    const isUnknown = error instanceof StandinError && ['template_not_found', 'channel_not_found'].includes(error.code)
    // What control says names templates that there are.
    throw isUnknown ? notFound(ref) : error
  })
  if (!seesProject(sight, template.stack.labels.project)) throw notFound(ref)
  const { project } = { ...template.stack.labels, ...labels }
  if (!seesProject(sight, project))
    throw new StandinError('forbidden', `estimating what an environment of the project ${project} costs needs a role in it`, {
      hint: 'A manager of the project can `standin role grant` one',
    })
  return { template: template.ref, labels }
}

function seesProject(sight: Sight, project = ''): boolean {
  return project === '' || sight.project(project)
}

function notFound(ref: string): StandinError {
  return new StandinError('template_not_found', `there is no template ${ref}`, { hint: '`standin template list` shows those that you see' })
}
