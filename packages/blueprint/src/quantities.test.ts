import { describe, expect, it } from 'vitest'
import { parseDuration, parseSize } from './quantities.ts'

describe('parseDuration', () => {
  it.each<[string, number | null]>([
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1h5m30s20ms', 3_930_020],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['100us', 1],
    ['0s', 0],
    ['0', 0],
    ['', null],
    ['10', null],
    ['s', null],
    ['1x', null],
    ['-1s', null],
    ['1s 2m', null],
    ['99999999999999999d', null],
  ])('%j is %s', (text, value) => expect(parseDuration(text)).toBe(value))
})

describe('parseSize', () => {
  it.each<[string, number | null]>([
    ['4096', 4096],
    ['10b', 10],
    ['1k', 1024],
    ['512m', 536_870_912],
    ['512MiB', 536_870_912],
    ['1.5GB', 1_610_612_736],
    ['1 TiB', 1_099_511_627_776],
    ['', null],
    ['x', null],
    ['-1m', null],
    ['1p', null],
  ])('%j is %s', (text, value) => expect(parseSize(text)).toBe(value))
})
