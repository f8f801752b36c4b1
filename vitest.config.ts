import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A second, which is the default, is no patience on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    // Two cores are the smallest machine that this has to pass on; real processes need the rest.
    maxWorkers: 2,
  },
})
