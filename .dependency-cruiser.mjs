/**
 * Who may import whom in src/: one folder a feature, plugins → models → ui → api client.
 * docs/architecture.md says which is which; type imports count.
 */
const MODELS =
  'costs|dataflow|notebook|preflight|run|settings|targets|troubles';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycle-of-folders',
      comment:
        'Move what two folders share to the lower one, or ask the other by a token or a command.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true }
    },
    {
      name: 'no-cycle-of-modules',
      severity: 'error',
      from: {},
      to: { circular: true }
    },
    {
      name: 'api-stands-alone',
      comment: 'The API client knows no other folder.',
      severity: 'error',
      from: { path: '^src/api/' },
      to: { path: '^src/', pathNot: '^src/api/' }
    },
    {
      name: 'ui-knows-no-feature',
      comment: 'What all views are built of knows the API’s types alone.',
      severity: 'error',
      from: { path: '^src/ui/' },
      to: { path: '^src/', pathNot: '^src/(api|ui)/' }
    },
    {
      name: 'models-know-no-plugin',
      comment: 'Models know other models, ui and the API client.',
      severity: 'error',
      from: { path: `^src/(${MODELS})/` },
      to: { path: '^src/', pathNot: `^src/(${MODELS}|api|ui)/` }
    },
    {
      name: 'wiring-is-not-imported',
      comment: 'src/index.ts registers the plugins; nothing stands beside it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/[^/]+$' }
    }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' }
  }
};
