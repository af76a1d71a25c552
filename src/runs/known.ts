import type { RunRecord } from '../api';

/**
 * What commands have to know of a run to say whether they make sense for it.
 */
export type RunFacts = Pick<RunRecord, 'run' | 'kind' | 'state'>;

/**
 * What the page has seen of runs; commands that are about others are offered on trust.
 */
export class KnownRuns {
  /**
   * @param onChanged - called when a run is not what it was
   */
  constructor(private _onChanged: () => void) {}

  get(run: string): RunFacts | null {
    return this._facts.get(run) ?? null;
  }

  note(runs: readonly RunFacts[]): void {
    let isChanged = false;
    for (const { kind, run, state } of runs) {
      isChanged ||= this._facts.get(run)?.state !== state;
      this._facts.set(run, { run, kind, state });
    }
    if (isChanged) {
      this._onChanged();
    }
  }

  private _facts = new Map<string, RunFacts>();
}
