import { type ILayoutInput, layOut } from './layout';

/**
 * Lays graphs out away from the page, which goes on answering meanwhile.
 */
self.onmessage = ({ data }: MessageEvent<{ id: number } & ILayoutInput>) => {
  try {
    self.postMessage({ id: data.id, layout: layOut(data) });
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error) });
  }
};
