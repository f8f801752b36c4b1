import { type CreateEnvironment, StandinError } from '@standin/client'
import type { ProviderRegistry } from '../reconcile/provider-registry.ts'
import type { TemplateRecord } from '../store/template-record.ts'
import type { Templates } from '../store/templates.ts'
import { refuseNumber, refuseOddServices } from './refuse-odd.ts'

/**
 * Whatever can be said of a request to create something before it is done.
 * @returns the template that is to be cloned; null: services are to be attached
 * @throws StandinError `invalid`, `template_not_found`, `channel_not_found`, `provider_not_found`
 */
export function checkCreation(body: CreateEnvironment, templates: Templates, providers: ProviderRegistry): TemplateRecord | null {
  refuseNumber(body.name)
  const attaches = body.provider === 'attach' || body.services !== undefined
  if (attaches === (body.template !== undefined)) {
    throw new StandinError('invalid', 'say either which template to clone or which services to attach', {
      hint: 'Send {"template":"shop"}, or {"provider":"attach","name":"x","services":[{"name":"www","endpoints":["127.0.0.1:9000"]}]}',
      errors: [{ path: '/body', message: 'needs exactly one of template and services' }],
    })
  }
  if (attaches) {
    refuseOddServices(body, body.services ?? [])
    return null
  }
  for (const field of ['ttlMs', 'probes'] as const) {
    if (body[field] == null) continue
    throw new StandinError('invalid', `only attachments have ${field}`, {
      errors: [{ path: `/body/${field}`, message: 'is for attachments' }],
    })
  }
  const template = templates.resolve(body.template ?? '')
  if (body.provider !== undefined && body.provider !== template.provider) {
    throw new StandinError('invalid', `template ${template.ref} was baked on provider ${template.provider}, not on ${body.provider}`, {
      errors: [{ path: '/body/provider', message: `is ${template.provider} for this template` }],
    })
  }
  providers.get(template.provider)
  return template
}
