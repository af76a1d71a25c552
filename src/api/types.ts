import type { components } from './schema';

type Schemas = components['schemas'];

export type Target = Schemas['Target'];
export type RunRequest = Schemas['RunRequest'];
export type PreflightRequest = Schemas['PreflightRequest'];
export type RunStarted = Schemas['RunStarted'];
export type Problem = Schemas['Problem'];
export type RunRecord = Schemas['Run'];
export type RunState = Schemas['RunState'];
export type TaskState = Schemas['TaskState'];
export type RunEvent = Schemas['Event'];
export type OutputBody = Schemas['OutputEvent']['body'];
export type NotebookContent = Schemas['NotebookContent'];
export type PrepareRequest = Schemas['PrepareRequest'];
export type Prepared = Schemas['Prepared'];
export type OpenInputsRequest = Schemas['OpenInputsRequest'];
export type OpenedInputs = Schemas['OpenedInputs'];
export type Loading = Schemas['Loading'];
export type ChangesRequest = Schemas['ChangesRequest'];
export type Changes = Schemas['Changes'];
export type SourceCell = Schemas['SourceCell'];
export type GraphCell = Schemas['GraphCell'];
export type GraphEdge = Schemas['GraphEdge'];
export type FoundRuns = Schemas['NotebookRuns'];
export type RunOutputs = Schemas['RunOutputs'];
export type CellOutputs = Schemas['CellOutputs'];
export type Delivery = Schemas['Delivery'];
export type RunSummary = Schemas['RunSummary'];
export type RunsPage = Schemas['Runs'];
export type RunGraph = Schemas['RunGraph'];
export type CellDetails = Schemas['CellDetails'];
export type LogPage = Schemas['LogPage'];
export type Comparison = Schemas['Comparison'];
export type Cleaned = Schemas['Cleaned'];
export type Storage = Schemas['Storage'];
export type Verification = Schemas['Verification'];

/**
 * A document that several clients share, and which of them this one is.
 */
export type SharedDocument = { document: string; client: string };

const RUN_END: readonly string[] = ['done', 'failed', 'cancelled', 'lost'];
const TASK_END: readonly string[] = [...RUN_END, 'reused', 'skipped'];

/**
 * Whether a run in this state is over.
 */
export function isRunEnd(state: string): boolean {
  return RUN_END.includes(state);
}

/**
 * Whether a task in this state is over.
 */
export function isTaskEnd(state: string): boolean {
  return TASK_END.includes(state);
}

/**
 * The Jupyter events that tell the states of runs.
 */
export const RUN_SCHEMA =
  'https://schema.jupyter.org/jupyterlab_dossier/run/v1';
