// Who may import whom. test/architecture.test.ts keeps it; the reasons are in docs/guide/house.md.

// Tests, and what only they use, may stand beside anything.
const tests = '\\.test\\.ts$|/testing/'

/** @param {string} part what these rules are about @param {string[]} may parts of the house that it may import */
const onlyImports = (part, may) => ({
  name: `${part.replaceAll('/', '-')}-imports`,
  severity: 'error',
  from: { path: `^${part}/`, pathNot: tests },
  to: { path: '^(packages|apps)/', pathNot: [part, ...may].map((allowed) => `^${allowed}/`) },
})

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    // Of types neither: who has to know of whom is easier to see than to remember.
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    onlyImports('packages/client', []),
    onlyImports('packages/core', ['packages/client']),
    onlyImports('packages/blueprint', ['packages/client']),
    onlyImports('packages/follower', ['packages/client']),
    onlyImports('packages/serving', ['packages/client']),
    onlyImports('packages/providers', ['packages/core', 'packages/client']),
    onlyImports('packages/plugins', ['packages/core', 'packages/client']),
    onlyImports('apps/control', ['packages/(?!testing)[a-z]+']),
    onlyImports('apps/gateway', ['packages/follower', 'packages/serving', 'packages/client']),
    onlyImports('apps/dns', ['packages/follower', 'packages/serving', 'packages/client']),
    onlyImports('apps/cli', ['packages/blueprint', 'packages/client']),
    {
      name: 'providers-apart',
      severity: 'error',
      from: { path: '^packages/providers/src/([^/]+)/' },
      to: { path: '^packages/providers/src/([^/]+)/', pathNot: '^packages/providers/src/$1/' },
    },
    {
      name: 'plugins-apart',
      severity: 'error',
      from: { path: '^packages/plugins/src/([^/]+)/', pathNot: tests },
      to: { path: '^packages/plugins/src/([^/]+)/', pathNot: '^packages/plugins/src/$1/' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: tests },
      to: { path: '^packages/testing/' },
    },
    {
      name: 'test-support-is-for-tests',
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: tests },
      to: { path: '/src/.*/testing/|/src/testing/' },
    },
    {
      name: 'client-runs-in-browsers',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'container-only-in-composition-root',
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: '^apps/[^/]+/src/container(/tokens)?\\.ts$' },
      to: { path: 'node_modules/tsyringe' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/fixtures/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
}
