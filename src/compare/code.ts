import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import {
  type IEditorLanguageRegistry,
  jupyterTheme
} from '@jupyterlab/codemirror';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/**
 * Two texts of a cell: beside each other where there is room, else as one with marked lines.
 */
export class CodeDiff extends Widget {
  constructor(private _options: CodeDiff.IOptions) {
    super();
    this.addClass('jp-DossierDiff');
  }

  override dispose(): void {
    this._view?.destroy();
    this._view = null;
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._fit(this.node.offsetWidth);
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this._fit(this.node.offsetWidth);
  }

  private _fit(width: number): void {
    const isWide = width >= WIDE;
    if (!width || (this._view && isWide === this._isWide)) {
      return;
    }
    this._isWide = isWide;
    this._view?.destroy();
    this._view = isWide ? this._sideBySide() : this._unified();
    this.node.replaceChildren(this._view.dom);
  }

  private _sideBySide(): MergeView {
    const { left, right, trans } = this._options;
    return new MergeView({
      a: { doc: left, extensions: this._extensions(trans.__('Code in run A')) },
      b: {
        doc: right,
        extensions: this._extensions(trans.__('Code in run B'))
      },
      collapseUnchanged: FOLD
    });
  }

  private _unified(): EditorView {
    const { left, right, trans } = this._options;
    return new EditorView({
      doc: right,
      extensions: [
        this._extensions(trans.__('Code in run B, with what was in run A')),
        unifiedMergeView({
          original: left,
          mergeControls: false,
          collapseUnchanged: FOLD
        })
      ]
    });
  }

  private _extensions(label: string): Extension {
    return [
      jupyterTheme,
      this._options.language ?? [],
      lineNumbers(),
      EditorView.lineWrapping,
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({
        'aria-label': label,
        'aria-readonly': 'true',
        tabindex: '0'
      })
    ];
  }

  private _isWide = false;
  private _view: EditorView | MergeView | null = null;
}

/**
 * A namespace for `CodeDiff` statics.
 */
export namespace CodeDiff {
  export interface IOptions {
    language: Extension | null;
    left: string;
    right: string;
    trans: TranslationBundle;
  }
}

/**
 * The highlighting of cells, if there is any.
 */
export async function cellLanguage(
  languages: IEditorLanguageRegistry | null
): Promise<Extension | null> {
  const language = await languages?.getLanguage('ipython');
  return language?.support ?? null;
}

/**
 * From this width, in pixels, two texts stand beside each other.
 */
const WIDE = 640;

/**
 * Lines that are the same are folded, all but some beside what differs.
 */
const FOLD = { margin: 3, minSize: 6 };
