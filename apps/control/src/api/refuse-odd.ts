import { isNetwork } from '@standin/blueprint'
import { type CreateEnvironment, type Fault, StandinError } from '@standin/client'

/** `standin show 1001` means an id. */
export function refuseNumber(name: string | undefined): void {
  if (name === undefined || !/^[0-9]+$/.test(name)) return
  throw new StandinError('invalid', `the name ${name} would be taken for a configId`, {
    hint: 'Put a letter into it',
    errors: [{ path: '/body/name', message: 'must not be a number' }],
  })
}

/** @throws StandinError `invalid` with everything that is wrong with the services of an attachment */
export function refuseOddServices(body: CreateEnvironment, asked: NonNullable<CreateEnvironment['services']>): void {
  const errors: Fault[] = [
    ...(asked.length === 0 ? [{ path: '/body/services', message: 'names no service' }] : []),
    ...(body.provider === undefined || body.provider === 'attach'
      ? []
      : [{ path: '/body/provider', message: 'is attach where there are services' }]),
    ...asked.flatMap(({ name }, index) =>
      asked.findIndex((service) => service.name === name) < index
        ? [{ path: `/body/services/${index}/name`, message: `${name} is there twice` }]
        : [],
    ),
    ...asked.flatMap(({ paths = [] }, service) =>
      paths.flatMap(({ path }, index) =>
        paths.findIndex((each) => each.path === path) < index
          ? [{ path: `/body/services/${service}/paths/${index}/path`, message: `${path} is there twice` }]
          : [],
      ),
    ),
    ...(body.probes ?? []).flatMap(({ network }, index) =>
      network === undefined || isNetwork(network) ? [] : [{ path: `/body/probes/${index}/network`, message: `${network} is no network` }],
    ),
  ]
  if (errors.length > 0)
    throw new StandinError('invalid', `the attachment is not valid: ${errors.map((each) => `${each.path} ${each.message}`).join('; ')}`, {
      errors,
    })
}
