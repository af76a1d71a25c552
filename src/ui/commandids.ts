/**
 * The ids of the commands on the cells of a notebook.
 */
export namespace WorkflowCommandIDs {
  export const setTarget = 'dossier:set-target';
  export const setDefaultTarget = 'dossier:set-default-target';
  export const setOptions = 'dossier:set-options';
  export const setNotebookOptions = 'dossier:set-notebook-options';
  export const runInKernel = 'dossier:run-in-kernel';
  export const runOnce = 'dossier:run-once';
  export const runWorkflow = 'dossier:run-workflow';
  export const runStale = 'dossier:run-stale';
  export const runNeeded = 'dossier:run-needed';
  export const runDependents = 'dossier:run-dependents';
  export const cancel = 'dossier:cancel';
}

/**
 * The ids of the commands on runs.
 */
export namespace RunCommandIDs {
  export const showRuns = 'dossier:show-runs';
  export const showOlderRuns = 'dossier:show-older-runs';
  export const cleanStorage = 'dossier:clean-storage';
  export const refreshRuns = 'dossier:refresh-runs';
  export const openRun = 'dossier:open-run';
  export const openNotebook = 'dossier:open-notebook-of-run';
  export const cancelRun = 'dossier:cancel-run';
  export const compareRuns = 'dossier:compare-runs';
  export const verifyRun = 'dossier:verify-run';
  export const runAgain = 'dossier:run-again';
  export const copyRunId = 'dossier:copy-run-id';
  export const loadInputs = 'dossier:load-inputs';
}
