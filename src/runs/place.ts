import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';

/**
 * A place in a side bar whose content is made when it is first shown.
 */
export class LazyPlace<T extends Widget> extends Widget {
  constructor(private _make: () => Promise<T>) {
    super();
    this.layout = new PanelLayout({ fitPolicy: 'set-no-constraint' });
    this.addClass('jp-DossierPlace');
  }

  /**
   * The content, once it was shown.
   */
  get content(): T | null {
    return this._content;
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._fill();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._fill();
  }

  private _fill(): void {
    if (!this.isVisible || this._isMade) {
      return;
    }
    this._isMade = true;
    this._make().then(
      content => {
        if (this.isDisposed) {
          content.dispose();
          return;
        }
        this._content = content;
        (this.layout as PanelLayout).addWidget(content);
      },
      error => {
        this._isMade = false;
        console.error(error);
      }
    );
  }

  private _content: T | null = null;
  private _isMade = false;
}
