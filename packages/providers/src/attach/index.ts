export * from './attach-provider.ts'
export * from './attached-services.ts'
export { formatEndpoint, parseEndpoint, refuseForbidden, type SocketName } from './endpoint-rules.ts'
