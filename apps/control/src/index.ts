export { type ControlConfig, readConfig } from './config.ts'
export { buildContainer, type ContainerOptions, Tokens } from './container.ts'
export { openHome } from './open-home.ts'
