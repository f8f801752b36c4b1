export { App } from './app.ts'
export { type DnsConfig, readConfig } from './config.ts'
export { createApp } from './container.ts'
