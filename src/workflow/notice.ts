import { Notification } from '@jupyterlab/apputils';

/**
 * Tells that a run goes on, and how it ended.
 *
 * A run that is over at once says only how it ended: words that flash by are not read, and
 * JupyterLab loses what a toast is to say next before it stands.
 */
export class RunNotice {
  /**
   * Say that it goes on, if it still does in a moment.
   */
  begin(message: string, action: Notification.IAction): void {
    this._timer = setTimeout(() => {
      this._begun = Date.now();
      this._id = Notification.emit(message, 'in-progress', {
        autoClose: false,
        actions: [action]
      });
    }, AFTER);
  }

  /**
   * Say how it ended; what was said before can be read first.
   */
  end(
    message: string,
    type: Notification.TypeOptions,
    options: Pick<Notification.IOptions<never>, 'actions' | 'autoClose'>
  ): void {
    clearTimeout(this._timer);
    const id = this._id;
    if (id === null) {
      Notification.emit(message, type, options);
      return;
    }
    const left = this._begun + STAYS - Date.now();
    setTimeout(
      () => Notification.update({ id, message, type, ...options }),
      Math.max(0, left)
    );
  }

  /**
   * Say nothing more.
   */
  dismiss(): void {
    clearTimeout(this._timer);
    if (this._id !== null) {
      Notification.dismiss(this._id);
    }
  }

  private _begun = 0;
  private _id: string | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * After how long it is said that a run goes on, and how long that stays, in milliseconds.
 */
const AFTER = 500;
const STAYS = 1500;
