import { describe, expect, it } from 'vitest'
import { clearTextWarning } from './clear-text.ts'

describe('clearTextWarning', () => {
  it.each(['https://standin.example.com', 'http://127.0.0.1:7077', 'http://127.8.9.1', 'http://[::1]:7077', 'http://api.localhost:7077'])(
    'says nothing of %s',
    (url) => expect(clearTextWarning(url)).toBeNull(),
  )

  it.each(['http://standin.example.com:7077/v1', 'http://192.0.2.1', 'http://127.0.0.1.example.com', 'http://notlocalhost'])(
    'warns of %s',
    (url) => expect(clearTextWarning(url)).toContain(`goes to ${new URL(url).origin} in clear text`),
  )
})
