import { SplitPanel, type Widget } from '@lumino/widgets';

/**
 * Widgets side by side, one below the other where there is little width.
 */
export class TurningSplit extends SplitPanel {
  /**
   * @param narrow - the width, in pixels, below which it turns
   */
  constructor(private _narrow: number) {
    super({ spacing: 1 });
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    const width = message.width < 0 ? this.node.offsetWidth : message.width;
    const orientation = width < this._narrow ? 'vertical' : 'horizontal';
    if (width > 0 && this.orientation !== orientation) {
      this.orientation = orientation;
    }
  }
}
