import type { IRenderMime } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, type Widget } from '@lumino/widgets';

import type { WidgetKernel } from './kernel';
import type { WidgetKernels } from './kernels';
import { WIDGET_PLACE, WIDGET_VIEW } from './mimetypes';

/**
 * The output of a cell that shows a widget of a worker kernel: the widget while that lives, else
 * its text and why it is no more than that.
 */
export class WidgetOutput extends Panel implements IRenderMime.IRenderer {
  constructor(options: WidgetOutput.IOptions) {
    super();
    this.addClass('jp-DossierWidget');
    this._kernels = options.kernels;
    this._trans = options.trans;
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { kernel: id } = model.data[WIDGET_PLACE] as { kernel: string };
    const view = model.data[WIDGET_VIEW] as { model_id: string };
    this._text = String(model.data['text/plain'] ?? '');
    this._leave();
    this._showText(null);
    const turn = ++this._turn;
    let why: string | null;
    try {
      why = await this._link(turn, id, view);
    } catch (error) {
      console.error(error);
      why = this._trans.__(
        'This widget cannot be shown. Is ipywidgets installed for JupyterLab?'
      );
    }
    if (why !== null && turn === this._turn && !this.isDisposed) {
      this._showText(why);
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._turn++;
    this._leave();
    super.dispose();
  }

  /**
   * Show the widget; the reason where it cannot be.
   */
  private async _link(
    turn: number,
    id: string,
    view: { model_id: string }
  ): Promise<string | null> {
    this._used = id;
    let kernel: WidgetKernel | null;
    try {
      kernel = await this._kernels.acquire(id);
    } catch (error) {
      if (turn === this._turn) {
        // There is no link to give back.
        this._used = null;
      }
      throw error;
    }
    if (turn !== this._turn) {
      return null;
    }
    if (!kernel || kernel.isDisposed) {
      return this._ended();
    }
    kernel.disposed.connect(this._onEnded, this);
    this._kernel = kernel;
    if (!(await kernel.has(view.model_id))) {
      return kernel.isDisposed
        ? this._ended()
        : this._trans.__('This widget was closed.');
    }
    const widget = (await kernel.render(view)) as Widget;
    if (turn !== this._turn || kernel.isDisposed) {
      widget.dispose();
      return kernel.isDisposed ? this._ended() : null;
    }
    this._clear();
    this.addWidget(widget);
    return null;
  }

  private _leave(): void {
    this._kernel?.disposed.disconnect(this._onEnded, this);
    if (this._used !== null) {
      this._kernels.release(this._used);
    }
    this._kernel = null;
    this._used = null;
  }

  private _onEnded(): void {
    this._turn++;
    this._showText(this._ended());
  }

  private _ended(): string {
    return this._trans.__('The worker kernel of this widget has ended.');
  }

  private _clear(): void {
    for (const child of [...this.widgets]) {
      child.dispose();
    }
    this.node.textContent = '';
  }

  private _showText(why: string | null): void {
    this._clear();
    const text = document.createElement('pre');
    text.textContent = this._text;
    this.node.append(text);
    if (why !== null) {
      const note = document.createElement('p');
      note.className = 'jp-DossierWidget-note';
      note.setAttribute('role', 'note');
      note.textContent = why;
      this.node.append(note);
    }
  }

  private _kernel: WidgetKernel | null = null;
  private _kernels: WidgetKernels;
  private _text = '';
  private _trans: TranslationBundle;
  private _turn = 0;
  private _used: string | null = null;
}

/**
 * A namespace for `WidgetOutput` statics.
 */
export namespace WidgetOutput {
  export interface IOptions {
    kernels: WidgetKernels;
    trans: TranslationBundle;
  }
}
