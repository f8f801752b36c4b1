import {
  DefaultNamespaceEntityPolicy,
  type Entity,
  EntityPolicies,
  FieldFormatEntityPolicy,
  locationEntityV1alpha1Validator,
  NoForeignRootFieldsEntityPolicy,
  resourceEntityV1alpha1Validator,
  SchemaValidEntityPolicy,
} from '@backstage/catalog-model'
import { describe, expect, it } from 'vitest'
import type { Page } from '../../page/page.ts'
import { environmentEntity, locationEntity } from './catalog-entity.ts'

// What a catalog puts every entity through.
const policy = EntityPolicies.allOf([
  new SchemaValidEntityPolicy(),
  new DefaultNamespaceEntityPolicy(),
  new NoForeignRootFieldsEntityPolicy(),
  new FieldFormatEntityPolicy(),
])

const page: Page = {
  key: '1001',
  title: 'shop-1 (1001)',
  summary: 'running, token:ada, shop@7',
  tags: ['standin', 'state-running', 'project-shop'],
  about: {
    name: 'shop-1',
    state: 'running',
    owner: 'token:ada',
    project: 'shop',
    template: 'shop@7',
    links: [{ title: 'www', url: 'http://www-1001.test-envs.localhost:8080/' }],
  },
  blocks: [],
}
const hostile = { owner: '../../<script> ä ö:'.repeat(20), project: '---', template: null }

describe('a catalog entity', () => {
  it.each([
    ['of an environment', page],
    ['of one whose names are no names', { ...page, about: { ...page.about, ...hostile } }],
    ['of one whose owner is all signs', { ...page, about: { ...page.about, owner: '::' } }],
  ])('%s is taken by a real catalog', async (_, each) => {
    const entity = environmentEntity(each, 'default') as unknown as Entity
    await expect(policy.enforce(entity)).resolves.toBeDefined()
    await expect(resourceEntityV1alpha1Validator.check(entity)).resolves.toBe(true)
  })

  it('of all of them names the files', async () => {
    const entity = locationEntity(['1001.yaml', '1002.yaml']) as unknown as Entity
    await expect(policy.enforce(entity)).resolves.toBeDefined()
    await expect(locationEntityV1alpha1Validator.check(entity)).resolves.toBe(true)
    expect(entity.spec).toEqual({ type: 'file', targets: ['./1001.yaml', './1002.yaml'] })
  })

  it('says whose it is, what of, and where it answers', () => {
    expect(environmentEntity(page, 'default')).toMatchObject({
      metadata: { name: 'standin-1001', links: [{ url: 'http://www-1001.test-envs.localhost:8080/' }] },
      spec: { type: 'environment', owner: 'user:default/token-ada', system: 'system:default/shop' },
    })
  })
})
