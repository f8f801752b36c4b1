import Type from 'typebox'
import {
  CreateGroup,
  CreateUser,
  DeactivateUser,
  Deactivation,
  DeleteUserQuery,
  GrantRole,
  Group,
  GroupMemberPage,
  GroupPage,
  ListGroupsQuery,
  ListRolesQuery,
  ListUsersQuery,
  RoleBinding,
  RoleBindingPage,
  UpdateGroup,
  UpdateRole,
  UpdateUser,
  User,
  UserPage,
} from '../schemas/people.ts'
import { CreatedToken, CreateToken, PageQuery, TokenPage } from '../schemas/server.ts'
import { type Endpoints, Nothing } from './api-endpoint.ts'

const TokenParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
const UserParams = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 200, description: 'Id or userName, whatever the case' }) })
const GroupParams = Type.Object({ ref: Type.String({ minLength: 1, maxLength: 200, description: 'Id or displayName, whatever the case' }) })
const RoleParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })

export const users = {
  list: {
    method: 'GET',
    path: '/v1/users',
    scope: 'read',
    summary: 'A page of the users, oldest first',
    querystring: ListUsersQuery,
    response: { 200: UserPage },
  },
  create: {
    method: 'POST',
    path: '/v1/users',
    scope: 'admin',
    summary: 'Make a user',
    body: CreateUser,
    response: { 201: User },
  },
  get: {
    method: 'GET',
    path: '/v1/users/:ref',
    scope: 'read',
    summary: 'One user',
    params: UserParams,
    response: { 200: User },
  },
  update: {
    method: 'PATCH',
    path: '/v1/users/:ref',
    scope: 'admin',
    summary: 'Change a user; with `If-Match` only if nobody else did',
    params: UserParams,
    body: UpdateUser,
    response: { 200: User },
  },
  deactivate: {
    method: 'POST',
    path: '/v1/users/:ref/deactivate',
    scope: 'admin',
    summary: "End a user's tokens and hand the environments on, or say what that would do",
    params: UserParams,
    body: DeactivateUser,
    response: { 200: Deactivation },
  },
  activate: {
    method: 'POST',
    path: '/v1/users/:ref/activate',
    scope: 'admin',
    summary: 'Let a user in again',
    params: UserParams,
    response: { 200: User },
  },
  delete: {
    method: 'DELETE',
    path: '/v1/users/:ref',
    scope: 'admin',
    summary: 'Forget a user, deactivated first',
    params: UserParams,
    querystring: DeleteUserQuery,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints

export const groups = {
  list: {
    method: 'GET',
    path: '/v1/groups',
    scope: 'read',
    summary: 'A page of the groups, oldest first',
    querystring: ListGroupsQuery,
    response: { 200: GroupPage },
  },
  create: {
    method: 'POST',
    path: '/v1/groups',
    scope: 'admin',
    summary: 'Make a group',
    body: CreateGroup,
    response: { 201: Group },
  },
  get: {
    method: 'GET',
    path: '/v1/groups/:ref',
    scope: 'read',
    summary: 'One group',
    params: GroupParams,
    response: { 200: Group },
  },
  members: {
    method: 'GET',
    path: '/v1/groups/:ref/members',
    scope: 'read',
    summary: 'A page of the members of a group',
    params: GroupParams,
    querystring: PageQuery,
    response: { 200: GroupMemberPage },
  },
  update: {
    method: 'PATCH',
    path: '/v1/groups/:ref',
    scope: 'admin',
    summary: 'Change a group or its members; with `If-Match` only if nobody else did',
    params: GroupParams,
    body: UpdateGroup,
    response: { 200: Group },
  },
  delete: {
    method: 'DELETE',
    path: '/v1/groups/:ref',
    scope: 'admin',
    summary: 'Delete a group, and its roles',
    params: GroupParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints

export const roles = {
  list: {
    method: 'GET',
    path: '/v1/roles',
    scope: 'read',
    summary: 'A page of the roles that were given, oldest first',
    querystring: ListRolesQuery,
    response: { 200: RoleBindingPage },
  },
  grant: {
    method: 'POST',
    path: '/v1/roles',
    scope: 'write',
    summary: 'Give a user or a group a role (200: in the place of another one)',
    body: GrantRole,
    response: { 200: RoleBinding, 201: RoleBinding },
  },
  get: {
    method: 'GET',
    path: '/v1/roles/:id',
    scope: 'read',
    summary: 'One role that was given',
    params: RoleParams,
    response: { 200: RoleBinding },
  },
  update: {
    method: 'PATCH',
    path: '/v1/roles/:id',
    scope: 'write',
    summary: 'Make it another role; with `If-Match` only if nobody else did',
    params: RoleParams,
    body: UpdateRole,
    response: { 200: RoleBinding },
  },
  revoke: {
    method: 'DELETE',
    path: '/v1/roles/:id',
    scope: 'write',
    summary: 'Take a role away',
    params: RoleParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints

export const tokens = {
  list: {
    method: 'GET',
    path: '/v1/tokens',
    scope: 'admin',
    summary: 'A page of the tokens, without their secrets',
    querystring: PageQuery,
    response: { 200: TokenPage },
  },
  create: {
    method: 'POST',
    path: '/v1/tokens',
    scope: 'admin',
    summary: 'Make a token; the answer is the only place that shows it',
    body: CreateToken,
    response: { 201: CreatedToken },
  },
  revoke: {
    method: 'DELETE',
    path: '/v1/tokens/:id',
    scope: 'admin',
    summary: 'Revoke a token',
    params: TokenParams,
    response: { 204: Nothing },
  },
} as const satisfies Endpoints
