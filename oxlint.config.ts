import { defineConfig } from 'oxlint'

/** A folder may import only the folders named; a crossing is spelled `#/folder/…`, so `../folder` is refused as well. */
const boundary = (folder: string, mayImport: readonly string[], typesOnly: readonly string[] = []) => {
  const all = ['clustering', 'pipeline', 'server', 'ui', 'mocks', 'test', 'migrations']
  const closed = all.filter((name) => name !== folder && !mayImport.includes(name) && !typesOnly.includes(name))
  const patterns: { regex: string; message: string; allowTypeImports?: boolean }[] = [
    { regex: `^(#/|(\\.\\./)+)(${closed.join('|')})/`, message: `${folder}/ may not import this folder.` },
    {
      regex: `^(\\.\\./)+(${all.filter((name) => name !== folder).join('|')})/`,
      message: 'Spell another folder from the root: #/folder/file.ts.',
    },
  ]
  if (typesOnly.length > 0) {
    patterns.push({
      regex: `^#/(${typesOnly.join('|')})/`,
      message: `${folder}/ may import only types from ${typesOnly.join(', ')}/.`,
      allowTypeImports: true,
    })
  }
  return patterns
}

const nodeBuiltins = { regex: '^node:', message: 'This folder is pure: no Node, no I/O.' }

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise'],
  options: { typeAware: true },
  categories: { correctness: 'error', suspicious: 'error', perf: 'off' },
  ignorePatterns: ['node_modules', 'ui/dist', 'migrations', '.insights'],
  rules: {
    'import/no-cycle': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/consistent-type-imports': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'no-console': 'error',
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    'import/no-unassigned-import': ['error', { allow: ['**/*.css'] }],
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/require-module-specifiers': 'off',
    // Said by the compiler (noImplicitReturns), which knows an exhaustive switch.
    'typescript/consistent-return': 'off',
    // `fc.array` is how fast-check is written.
    'import/no-named-as-default-member': 'off',
    // Ports of threads have no origin.
    'unicorn/require-post-message-target-origin': 'off',
    // Takes a method that is only a parameter's default for the method.
    'unicorn/no-invalid-fetch-options': 'off',
    'no-underscore-dangle': 'off',
    'no-control-regex': 'off',
  },
  overrides: [
    {
      files: ['clustering/**'],
      rules: { 'no-restricted-imports': ['error', { patterns: [...boundary('clustering', []), nodeBuiltins] }] },
    },
    {
      files: ['pipeline/**'],
      rules: { 'no-restricted-imports': ['error', { patterns: boundary('pipeline', ['clustering']) }] },
    },
    {
      files: ['server/**'],
      rules: { 'no-restricted-imports': ['error', { patterns: boundary('server', ['clustering', 'pipeline']) }] },
    },
    {
      files: ['ui/**'],
      rules: { 'no-restricted-imports': ['error', { patterns: boundary('ui', [], ['server', 'pipeline']) }] },
    },
    {
      files: ['mocks/**'],
      rules: { 'no-restricted-imports': ['error', { patterns: boundary('mocks', [], ['server', 'pipeline']) }] },
    },
    { files: ['server/cli/**', 'mocks/**/main.ts', 'test/**', 'mocks/pictures/**'], rules: { 'no-console': 'off' } },
  ],
})
