import { endianness } from 'node:os'
import { getSystemErrorName } from 'node:util'

/** The calls of the system that Node has no name for. They return what the system returns: -1 where they fail. */
export interface SystemCalls {
  socket(family: number, type: number, protocol: number): number
  setsockopt(fd: number, level: number, option: number, value: Buffer, length: number): number
  bind(fd: number, address: Buffer, length: number): number
  close(fd: number): number
  /** `vector`: address of the first of `count` headers (mmsghdr). */
  recvmmsg(fd: number, vector: bigint, count: number, flags: number, timeout: null): number
  sendmmsg(fd: number, vector: bigint, count: number, flags: number): number
  /** Of memory that stays where it is as long as somebody holds the buffer. */
  addressOf(memory: ArrayBuffer): bigint
  /** The error of the call that failed last, as Node names and throws it. */
  failure(call: string, what: string): NodeJS.ErrnoException
}

/** Linux on 64 bits, whose structures and numbers are the ones that are used here. */
const isKnownSystem = process.platform === 'linux' && /^(x64|arm64)$/.test(process.arch) && endianness() === 'LE'

let calls: Promise<SystemCalls | undefined> | undefined

/** Undefined where there is no such way to the system: another system, or koffi, an optional dependency, isn't there or doesn't load. */
export function systemCalls(): Promise<SystemCalls | undefined> {
  calls ??= isKnownSystem ? load().catch(() => undefined) : Promise.resolve(undefined)
  return calls
}

async function load(): Promise<SystemCalls> {
  const { default: koffi } = await import('koffi')
  const library = koffi.load(null)
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    bind: library.func('int bind(int, const void *, uint32_t)'),
    close: library.func('int close(int)'),
    recvmmsg: library.func('int recvmmsg(int, void *, uint32_t, int, void *)'),
    sendmmsg: library.func('int sendmmsg(int, void *, uint32_t, int)'),
    addressOf: (memory) => koffi.address(memory),
    failure(call, what) {
      const errno = koffi.errno()
      const code = getSystemErrorName(-errno)
      return Object.assign(new Error(`${call} ${code} ${what}`), { errno: -errno, code, syscall: call })
    },
  }
}
