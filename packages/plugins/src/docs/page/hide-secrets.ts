const hidden = '(hidden)'

/** In names, wherever they stand: `db_password`, `githubToken`. */
const telling = /secret|passw|passphrase|token|credential|private|bearer|cookie|signature/i
/** In names, as words of their own or at their end: `author` and `keyboard` tell nothing. */
const tellingWord = /(^|[^a-z])(auth|pass|pwd|pw|otp|pat|dsn|sas|sig|psk|hmac|salt|webhooks?)([^a-z]|$)|keys?([^a-z]|$)/i

/** What keys of well-known services look like, whatever they are called; of a private key, all of it. */
const recognisable = new RegExp(
  [
    '-----BEGIN [A-Z ]*PRIVATE KEY[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)',
    '\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b',
    '\\bgh[pousr]_[0-9A-Za-z]{36}',
    '\\bgithub_pat_\\w{22,}',
    '\\bglpat-[\\w-]{20,}',
    '\\bxox[abeprs]-[0-9A-Za-z-]{10,}',
    '\\bhooks\\.slack\\.com/services/\\S+',
    '\\bAIza[\\w-]{35}',
    '\\b[rs]k_(?:live|test)_\\w{16,}',
    '\\bsk-[\\w-]{20,}',
    '\\bnpm_\\w{36}',
    '\\bATATT[\\w=-]{20,}',
    '\\bSG\\.[\\w-]{16,}\\.[\\w-]{16,}',
    '\\bhv[bs]\\.[\\w-]{20,}',
    '\\bwhsec_[\\w+/=-]{24,}',
    '\\beyJ[\\w-]{10,}\\.[\\w-]{10,}\\.[\\w-]*',
    // Tokens of Standin, and its links to pages.
    '\\bstn_[0-9a-f]{12}_[\\w-]{20,}',
    '\\b[0-9a-f]{12}\\.[\\w-]{43}(?![\\w-])',
  ].join('|'),
  'g',
)

/** Who is named in front of an address (RFC 3986, section 3.2.1); a password that has an @ in it ends at the last one. */
const inAddress = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi
/** `token=…` in a query or on a command line, `"password": "…"` in JSON. */
const assigned = /([\w.-]+)("?\s*[=:]\s*"|=)([^\s"&;,]+)/g
const inHeader = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/g

/** A value that people gave a name. They put into labels what they shouldn't. */
export function hideSecret(name: string, value: string): string {
  return isTelling(name) || value.search(recognisable) >= 0 ? hidden : hideCredentials(value)
}

/** In words that come from elsewhere. What is not said to be a secret, and looks like nothing known, stays. */
export function hideCredentials(text: string): string {
  return text
    .replace(inAddress, '$1')
    .replace(recognisable, hidden)
    .replace(inHeader, `$1 ${hidden}`)
    .replace(assigned, (all: string, name: string, sign: string) => (isTelling(name) ? `${name}${sign}${hidden}` : all))
}

function isTelling(name: string): boolean {
  return telling.test(name) || tellingWord.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'))
}
