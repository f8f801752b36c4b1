import Type from 'typebox'
import { Name } from '../schemas/common.ts'
import { PageQuery } from '../schemas/server.ts'
import {
  Build,
  BuildPage,
  Channel,
  ChannelPage,
  CreateBuildQuery,
  ListTemplatesQuery,
  SetChannel,
  Template,
  TemplatePage,
} from '../schemas/templates.ts'
import { type Endpoints, Nothing } from './api-endpoint.ts'

const TemplateParams = Type.Object({
  ref: Type.String({ minLength: 1, maxLength: 140, description: '`shop@7`, `shop:stable`, or `shop`, which is `shop:latest`' }),
})
const TemplateNameParams = Type.Object({ name: Name })
const ChannelParams = Type.Object({ name: Name, channel: Name })
const BuildParams = Type.Object({ id: Type.Integer({ minimum: 1 }) })

export const templates = {
  list: {
    method: 'GET',
    path: '/v1/templates',
    scope: 'read',
    summary: 'A page of the template versions, newest first',
    querystring: ListTemplatesQuery,
    response: { 200: TemplatePage },
  },
  get: {
    method: 'GET',
    path: '/v1/templates/:ref',
    scope: 'read',
    summary: 'One template version',
    params: TemplateParams,
    response: { 200: Template },
  },
  delete: {
    method: 'DELETE',
    path: '/v1/templates/:ref',
    scope: 'write',
    summary: 'Delete a template version that nothing uses',
    params: TemplateParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints

export const channels = {
  list: {
    method: 'GET',
    path: '/v1/templates/:name/channels',
    scope: 'read',
    summary: 'The channels of a template',
    params: TemplateNameParams,
    response: { 200: ChannelPage },
  },
  set: {
    method: 'PUT',
    path: '/v1/templates/:name/channels/:channel',
    scope: 'write',
    summary: 'Make a channel, or move it to another version',
    params: ChannelParams,
    body: SetChannel,
    response: { 200: Channel },
  },
  delete: {
    method: 'DELETE',
    path: '/v1/templates/:name/channels/:channel',
    scope: 'write',
    summary: 'Delete a channel; the version stays',
    params: ChannelParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints

export const builds = {
  list: {
    method: 'GET',
    path: '/v1/builds',
    scope: 'read',
    summary: 'A page of the builds, newest first',
    querystring: PageQuery,
    response: { 200: BuildPage },
  },
  create: {
    method: 'POST',
    path: '/v1/builds',
    scope: 'write',
    summary: "Build a template from a gzipped tar of the blueprint's folder",
    querystring: CreateBuildQuery,
    upload: 'application/gzip',
    response: { 202: Build },
  },
  get: {
    method: 'GET',
    path: '/v1/builds/:id',
    scope: 'read',
    summary: 'One build',
    params: BuildParams,
    response: { 200: Build },
  },
} as const satisfies Endpoints
