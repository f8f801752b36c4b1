import type { Provider } from '@standin/core'
import { ProcessConfig } from './config.ts'
import { openProcessHandle } from './process-handle.ts'

export { ProcessConfig } from './config.ts'
export { detect, type Finding } from './detect.ts'

/** Environments as supervised processes on this machine. */
export const processProvider: Provider<ProcessConfig> = { id: 'process', config: ProcessConfig, open: openProcessHandle }
