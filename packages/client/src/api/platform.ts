import Type from 'typebox'
import { ActivityReport } from '../schemas/environments.ts'
import { CreateNotice, Event, EventList, ListEventsQuery } from '../schemas/events.ts'
import { ListPluginRunsQuery, Plugin, PluginList, PluginRunPage } from '../schemas/plugins.ts'
import { Discovery } from '../schemas/server.ts'
import { Delta, Heartbeat, Snapshot, WatchQuery } from '../schemas/tables.ts'
import { type Endpoints, Nothing } from './api-endpoint.ts'

const PluginParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 500 }) })

export const server = {
  discover: {
    method: 'GET',
    path: '/v1',
    scope: 'read',
    summary: 'Where everything is and what this server can do',
    response: { 200: Discovery },
  },
  health: {
    method: 'GET',
    path: '/v1/health',
    scope: null,
    summary: 'Whether it is up',
    response: { 200: Type.Object({ status: Type.Literal('ok') }) },
  },
  openapi: {
    method: 'GET',
    path: '/v1/openapi.json',
    scope: null,
    summary: 'This API as an OpenAPI document',
    response: { 200: Type.Unknown() },
  },
  metrics: {
    method: 'GET',
    path: '/v1/metrics',
    scope: 'read',
    summary: 'Metrics in the Prometheus text format',
    response: { 200: Type.String() },
  },
} as const satisfies Endpoints

export const events = {
  list: {
    method: 'GET',
    path: '/v1/events',
    scope: 'read',
    summary: 'Events after a sequence number; with `watch=1` or `Accept: text/event-stream` those to come, too',
    querystring: ListEventsQuery,
    response: { 200: EventList },
    stream: { type: 'text/event-stream', items: { '<type of the event>': Event } },
  },
  notify: {
    method: 'POST',
    path: '/v1/events',
    scope: 'write',
    summary: 'Add a notice to the events',
    body: CreateNotice,
    response: { 201: Event },
  },
} as const satisfies Endpoints

export const plugins = {
  list: {
    method: 'GET',
    path: '/v1/plugins',
    scope: 'read',
    summary: 'The plugins, how they are, and what is wrong with their configuration',
    response: { 200: PluginList },
  },
  get: {
    method: 'GET',
    path: '/v1/plugins/:id',
    scope: 'read',
    summary: 'One plugin. What else is below its address is its own',
    params: PluginParams,
    response: { 200: Plugin },
  },
  runs: {
    method: 'GET',
    path: '/v1/plugins/:id/runs',
    scope: 'read',
    summary: "A page of the runs of a plugin's schedules, newest first",
    params: PluginParams,
    querystring: ListPluginRunsQuery,
    response: { 200: PluginRunPage },
  },
} as const satisfies Endpoints

export const tables = {
  routes: {
    method: 'GET',
    path: '/v1/routes',
    scope: 'read',
    summary: 'What the gateway has to know; with `watch=1` every change, too',
    querystring: WatchQuery,
    response: { 200: Snapshot },
    stream: { type: 'text/event-stream', items: { snapshot: Snapshot, delta: Delta, heartbeat: Heartbeat } },
  },
  records: {
    method: 'GET',
    path: '/v1/records',
    scope: 'read',
    summary: 'What the resolver has to know; with `watch=1` every change, too',
    querystring: WatchQuery,
    response: { 200: Snapshot },
    stream: { type: 'text/event-stream', items: { snapshot: Snapshot, delta: Delta, heartbeat: Heartbeat } },
  },
} as const satisfies Endpoints

export const activity = {
  report: {
    method: 'POST',
    path: '/v1/activity',
    scope: 'wake',
    summary: 'Who was used last, when, by what',
    body: ActivityReport,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints
