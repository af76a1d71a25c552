/**
 * The ids of the commands on runs.
 */
export namespace RunCommandIDs {
  export const showRuns = 'dossier:show-runs';
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
