import { parentPort, workerData } from 'node:worker_threads'

await import(workerData as string)
parentPort?.postMessage('loaded')
