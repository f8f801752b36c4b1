import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folders below STANDIN_HOME that are control's. */
export class Home {
  readonly dir: string

  constructor(dir: string) {
    this.dir = dir
  }

  get storeFile(): string {
    return join(this.dir, 'control', 'standin.db')
  }

  get secretsDir(): string {
    return join(this.dir, 'secrets')
  }

  get buildsDir(): string {
    return join(this.dir, 'builds')
  }

  /** What names the plugins, where no other file is given. */
  get configFile(): string {
    return join(this.dir, 'standin.config.yaml')
  }

  /** Where followers and the CLI find control. */
  get runFile(): string {
    return join(this.dir, 'run', 'control.json')
  }

  /** Which plugins held control up. */
  get heldLoopsFile(): string {
    return join(this.dir, 'control', 'held-loops.json')
  }

  providerDir(id: string): string {
    return join(this.dir, 'providers', id)
  }

  tokenFile(name: string): string {
    return join(this.secretsDir, `${name}.token`)
  }

  /**
   * No process of an environment may see these: all of it. Besides the secrets there are the files that say where
   * control is: who could write them would be sent the tokens of those who ask.
   */
  get hiddenDirs(): string[] {
    return [this.dir]
  }

  /** Everything, for nobody but the user. */
  prepare(): void {
    for (const dir of [this.dir, dirname(this.storeFile), this.secretsDir, this.buildsDir, dirname(this.runFile)]) makePrivate(dir)
    chmodSync(this.secretsDir, 0o700)
  }
}

/** A folder for nobody but the user; those above it, too. */
export function makePrivate(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
}

/** All of it or nothing, also when the machine goes down meanwhile; readable for the user alone. */
export function writeFileAtomically(file: string, text: string): void {
  const half = `${file}.${randomBytes(4).toString('hex')}`
  try {
    const descriptor = openSync(half, 'wx', 0o600)
    try {
      writeFileSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(half, file)
  } catch (error) {
    rmSync(half, { force: true })
    throw error
  }
}

/** Undefined where it isn't there. */
export function readFileIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
