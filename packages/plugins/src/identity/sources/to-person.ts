import { CreateUser } from '@standin/client'
import { Value } from 'typebox/value'
import type { Person, Unusable } from './directory.ts'

/** What a source says of somebody, before it is looked at. */
export interface RawPerson extends Omit<Person, 'userName' | 'displayName' | 'email'> {
  readonly userName: string | undefined
  readonly displayName: string | undefined
  readonly email: string | undefined
}

const longestName = 200

/**
 * Bring names into the form that control keeps them in, so that what is the same stays the same.
 * @param names what the source calls its fields: `uid`
 */
export function toPerson(raw: RawPerson, names: { readonly userName: string; readonly email: string }): Person | Unusable {
  const { id, active, manager, where } = raw
  const userName = raw.userName?.normalize('NFC').trim() ?? ''
  // Who goes is known by their id alone: nothing else that is wrong with them may keep them.
  if (!active) return { id, userName: userName || id, displayName: userName || id, email: null, active, manager, where }
  if (userName === '') return { id, message: `${where} has no ${names.userName}: there is nothing to call them by` }
  const displayName = toDisplayName(raw.displayName, userName)
  const email = raw.email?.normalize('NFC').trim() || null
  const [fault] = Value.Errors(CreateUser, { userName, displayName, email, externalId: id })
  if (fault !== undefined) {
    const field = fault.instancePath.slice(1)
    const value = field === 'email' ? email : field === 'externalId' ? id : userName
    const name = field === 'email' ? names.email : field === 'externalId' ? 'id' : names.userName
    return { id, message: `${where}: the ${name} ${JSON.stringify(value?.slice(0, 80))} can not be used: ${fault.message}` }
  }
  return { id, userName, displayName, email, active, manager, where }
}

/** Without what can't be seen, cut to what control takes. @param otherwise where nothing is left */
export function toDisplayName(text: string | undefined, otherwise: string): string {
  const name = (text ?? '').normalize('NFC').replace(/\p{C}/gu, '').trim().slice(0, longestName).replace(/\p{C}/gu, '').trim()
  return name === '' || /^(usr|grp|rol)_/i.test(name) ? otherwise : name
}

export function isUnusable<T extends object>(each: T | Unusable): each is Unusable {
  return 'message' in each
}
