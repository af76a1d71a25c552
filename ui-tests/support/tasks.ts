import type { Browser } from '@playwright/test';

/**
 * The tasks of the pages' main threads over 50 ms while something is done, longest first, in
 * milliseconds of processor time: what other processes take of the machine does not count.
 */
export async function longTasks(
  browser: Browser,
  act: () => Promise<void>
): Promise<number[]> {
  await browser.startTracing(undefined, {
    categories: ['__metadata', 'toplevel']
  });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: ITraceEvent[];
  };
  const events = trace.traceEvents;
  const mains = new Set(
    events
      .filter(
        ({ name, args }) =>
          name === 'thread_name' && args.name === 'CrRendererMain'
      )
      .map(({ pid, tid }) => `${pid}.${tid}`)
  );
  return events
    .filter(
      ({ name, pid, tid, tdur }) =>
        name === 'ThreadControllerImpl::RunTask' &&
        mains.has(`${pid}.${tid}`) &&
        (tdur ?? 0) > 50_000
    )
    .map(({ tdur }) => Math.round(tdur! / 1000))
    .sort((a, b) => b - a);
}

interface ITraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: { name?: string };
}
