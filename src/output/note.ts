import type { IRenderMime } from '@jupyterlab/rendermime';
import { RenderedText } from '@jupyterlab/rendermime';
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, Widget } from '@lumino/widgets';

import { API_PATH } from '../api';

/**
 * What the server writes into a cell that shows only a part of its output.
 */
export const NOTE_MIME = 'application/vnd.jupyterlab-dossier.output+json';

const CLASS = 'jp-DossierNote';

/**
 * How much is not shown, a link to all of it, and its end.
 */
export class OutputNote extends Panel implements IRenderMime.IRenderer {
  constructor(options: OutputNote.IOptions) {
    super();
    this.addClass(CLASS);
    this._options = options;
    this._tail = new RenderedText({
      ...options.renderer,
      mimeType: 'text/plain'
    });
    this._head.addClass(`${CLASS}-head`);
    this.addWidget(this._head);
    this.addWidget(this._tail);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { trans, settings } = this._options;
    const note = (model.data[NOTE_MIME] ?? {}) as Partial<OutputNote.INote>;
    const words = document.createElement('span');
    words.textContent = `${note.words ?? ''}: `;
    const link = document.createElement('a');
    link.textContent = trans.__('Open the whole output');
    // Made of parts, so that a notebook cannot lead elsewhere.
    const path = ['runs', String(note.run), 'cells', String(note.cell)];
    const url = URLExt.join(
      settings.baseUrl,
      API_PATH,
      ...path.map(encodeURIComponent),
      'output'
    );
    link.href =
      settings.appendToken && settings.token
        ? `${url}?token=${encodeURIComponent(settings.token)}`
        : url;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    this._head.node.replaceChildren(words, link);
    const text = { 'text/plain': String(note.tail ?? '') };
    await this._tail.renderModel({
      ...{ data: text, metadata: {}, trusted: false },
      setData: () => undefined
    });
  }

  private _head = new Widget({ node: document.createElement('p') });
  private _options: OutputNote.IOptions;
  private _tail: RenderedText;
}

/**
 * A namespace for `OutputNote` statics.
 */
export namespace OutputNote {
  /**
   * The data of the MIME type.
   */
  export interface INote {
    version: 1;
    run: string;
    cell: string;
    words: string;
    tail: string;
  }

  export interface IOptions {
    renderer: IRenderMime.IRendererOptions;
    settings: ServerConnection.ISettings;
    trans: TranslationBundle;
  }
}
