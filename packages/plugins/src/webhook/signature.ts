import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { StandinError } from '@standin/client'
import { readSecretFile } from '@standin/core'
import type { EndpointConfig } from './webhook-config.ts'

const makeOne = 'make one: `echo "whsec_$(openssl rand -base64 32)"`'

/** The key behind `whsec_<base64>`, 24 to 64 bytes (Standard Webhooks, "Signature scheme"). @throws StandinError `invalid`, which never says what it is */
export async function readKey({ name, secretFile, secretVariable }: EndpointConfig, env: NodeJS.ProcessEnv = process.env): Promise<Buffer> {
  const fault = (what: string) => new StandinError('invalid', `the endpoint ${name} ${what}`)
  if ((secretFile === undefined) === (secretVariable === undefined))
    throw fault(`has to name its secret, either with secretFile or with secretVariable; ${makeOne}`)
  const from = secretFile === undefined ? `the variable ${secretVariable}` : secretFile
  const text = secretFile === undefined ? env[secretVariable ?? ''] : await readSecretFile(secretFile, `the secret of the endpoint ${name}`)
  if (text === undefined) throw fault(`needs ${from}, which is not set`)
  const base64 = text.trim().replace(/^whsec_/, '')
  const key = Buffer.from(base64, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || key.length < 24 || key.length > 64)
    throw fault(`finds no secret in ${from}: it is whsec_ and 24 to 64 bytes as base64; ${makeOne}`)
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
