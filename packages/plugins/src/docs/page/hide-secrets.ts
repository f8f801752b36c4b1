const telling = /(secret|passw|passphrase|token|credential|private|api[-_.]?key|access[-_.]?key|auth)/i
/** What tokens and keys of well-known services look like, whatever they are called. */
const recognisable =
  /(-----BEGIN [A-Z ]*PRIVATE KEY|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{36}|\bxox[abprs]-[0-9A-Za-z-]{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|\bstandin_[\w-]{16,})/
const inAddress = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi

const hidden = '(hidden)'

/** Labels are free text, and people put into them what they shouldn't. */
export function hideSecret(key: string, value: string): string {
  return telling.test(key) || recognisable.test(value) ? hidden : hideCredentials(value)
}

/** In words that come from elsewhere: who is named in front of an address (RFC 3986, section 3.2.1), and whole tokens. */
export function hideCredentials(text: string): string {
  return text.replace(inAddress, '$1').replace(new RegExp(recognisable, 'g'), hidden)
}
