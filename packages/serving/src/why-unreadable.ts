const words: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
}

/** Why a file that somebody named can not be read, for the end of a sentence that names it. */
export const whyUnreadable = (error: NodeJS.ErrnoException): string => words[error.code ?? ''] ?? error.message
