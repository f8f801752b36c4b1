import Type from 'typebox'
import { Alias, AliasPage, ListAliasesQuery, SetAlias } from '../schemas/aliases.ts'
import { CreateFault, FaultPage, ServiceFault } from '../schemas/faults.ts'
import { PageQuery } from '../schemas/server.ts'
import { type Endpoints, EnvironmentParams, Nothing } from './api-endpoint.ts'

const AliasParams = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 254, description: 'A full host name, or one label below the domain: `demo`' }),
})
const FaultParams = Type.Object({ ...EnvironmentParams.properties, id: Type.String({ minLength: 1, maxLength: 20 }) })

export const aliases = {
  list: {
    method: 'GET',
    path: '/v1/aliases',
    scope: 'read',
    summary: 'A page of the aliases, in the order of their names',
    querystring: ListAliasesQuery,
    response: { 200: AliasPage },
  },
  get: {
    method: 'GET',
    path: '/v1/aliases/:host',
    scope: 'read',
    summary: 'One alias',
    params: AliasParams,
    response: { 200: Alias },
  },
  set: {
    method: 'PUT',
    path: '/v1/aliases/:host',
    scope: 'write',
    summary: 'Give a host name to an environment, or move it there in one step (a name outside of the domain needs the scope admin)',
    params: AliasParams,
    body: SetAlias,
    response: { 200: Alias },
  },
  delete: {
    method: 'DELETE',
    path: '/v1/aliases/:host',
    scope: 'write',
    summary: 'Delete an alias; the environment stays',
    params: AliasParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints

export const faults = {
  listAll: {
    method: 'GET',
    path: '/v1/faults',
    scope: 'read',
    summary: 'A page of the faults that are in force, of all environments',
    querystring: PageQuery,
    response: { 200: FaultPage },
  },
  list: {
    method: 'GET',
    path: '/v1/environments/:ref/faults',
    scope: 'read',
    summary: 'The faults that are in force in an environment',
    params: EnvironmentParams,
    response: { 200: FaultPage },
  },
  create: {
    method: 'POST',
    path: '/v1/environments/:ref/faults',
    scope: 'write',
    summary: 'Inject a fault into a service for a while',
    params: EnvironmentParams,
    body: CreateFault,
    response: { 201: ServiceFault },
  },
  get: {
    method: 'GET',
    path: '/v1/environments/:ref/faults/:id',
    scope: 'read',
    summary: 'One fault',
    params: FaultParams,
    response: { 200: ServiceFault },
  },
  delete: {
    method: 'DELETE',
    path: '/v1/environments/:ref/faults/:id',
    scope: 'write',
    summary: 'End a fault before its time',
    params: FaultParams,
    response: { 204: Nothing },
  },
  deleteAll: {
    method: 'DELETE',
    path: '/v1/environments/:ref/faults',
    scope: 'write',
    summary: 'End all faults of an environment',
    params: EnvironmentParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints
