import { createHmac } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { StandinError } from '@standin/client'
import type { EndpointConfig } from './webhook-config.ts'

/** The key behind `whsec_<base64>`, 24 to 64 bytes (Standard Webhooks, "Signature scheme"). @throws StandinError `invalid`, which never says what it is */
export function readSecret({ name, secretFile, secretVariable }: EndpointConfig, env: NodeJS.ProcessEnv = process.env): Buffer {
  if ((secretFile === undefined) === (secretVariable === undefined))
    throw fault(
      name,
      'has to name its secret, either with secretFile or with secretVariable',
      'Make one: `echo "whsec_$(openssl rand -base64 32)"`',
    )
  const from = secretFile === undefined ? `the variable ${secretVariable}` : secretFile
  const text = secretFile === undefined ? env[secretVariable ?? ''] : readPrivate(name, secretFile)
  if (text === undefined) throw fault(name, `needs ${from}, which is not set`, 'Set it where control is started')
  const base64 = text.trim().replace(/^whsec_/, '')
  const key = Buffer.from(base64, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || key.length < 24 || key.length > 64)
    throw fault(
      name,
      `finds no secret in ${from}: it is whsec_ and 24 to 64 bytes as base64`,
      'Make one: `echo "whsec_$(openssl rand -base64 32)"`',
    )
  return key
}

/**
 * The headers of one attempt (Standard Webhooks, "Webhook headers").
 * @param id the same for each attempt, by which the receiver knows what it has already
 * @param at of this attempt, ms since the epoch
 */
export function signedHeaders(key: Buffer, id: string, at: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

function readPrivate(name: string, file: string): string {
  try {
    const { mode } = statSync(file)
    if ((mode & 0o077) !== 0) throw fault(name, `does not use ${file}: others can read it`, `chmod 600 ${file}`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof StandinError) throw error
    throw fault(name, `can not read its secret: ${(error as Error).message}`, 'Make the file, or name another one')
  }
}

function fault(name: string, what: string, hint: string): StandinError {
  return new StandinError('invalid', `the endpoint ${name} ${what}`, { hint })
}
