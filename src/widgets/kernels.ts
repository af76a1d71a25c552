import type { WidgetKernel } from './kernel';

/**
 * The worker kernels that this page is linked to, each as long as an output shows a widget of it.
 */
export class WidgetKernels {
  constructor(options: WidgetKernel.IOptions) {
    this._options = options;
  }

  /**
   * Use the link to a worker kernel, made when there is none; each use ends with `release`.
   *
   * @returns `null` where the worker kernel has ended
   */
  async acquire(id: string): Promise<WidgetKernel | null> {
    let link = this._links.get(id);
    if (!link) {
      link = { users: 0, kernel: this._open(id), timer: undefined };
      this._links.set(id, link);
    }
    link.users++;
    clearTimeout(link.timer);
    return link.kernel;
  }

  release(id: string): void {
    const link = this._links.get(id);
    if (link && --link.users === 0) {
      // A cell that runs again shows widgets of the same worker kernel in a moment.
      link.timer = setTimeout(() => {
        this._links.delete(id);
        void link.kernel.then(kernel => kernel?.dispose());
      }, KEPT);
    }
  }

  private async _open(id: string): Promise<WidgetKernel | null> {
    try {
      const { WidgetKernel } = await import('./kernel');
      const kernel = await WidgetKernel.open(id, this._options);
      kernel?.disposed.connect(() => this._links.delete(id));
      return kernel;
    } catch (error) {
      this._links.delete(id);
      throw error;
    }
  }

  private _links = new Map<string, Private.ILink>();
  private _options: WidgetKernel.IOptions;
}

/**
 * How long an unused link is kept, in milliseconds.
 */
const KEPT = 10_000;

namespace Private {
  export interface ILink {
    users: number;
    kernel: Promise<WidgetKernel | null>;
    timer: ReturnType<typeof setTimeout> | undefined;
  }
}
