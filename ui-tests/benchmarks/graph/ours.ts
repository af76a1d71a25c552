import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { GraphDrawing } from '../../../lib/graph/drawing';
import { layOut, type ILayout } from '../../../lib/graph/layout';
import type {
  IGraphChange,
  IGraphModel,
  IGraphNode
} from '../../../lib/graph/model';
import { GraphScene } from '../../../lib/graph/scene';
import { CELLS, COUNT, EDGES, type IMeasured, painted, UPDATED } from './graph';

class Model implements IGraphModel {
  readonly nodes = new Map<string, IGraphNode>(
    CELLS.map(cell => [
      cell.id,
      {
        ...cell,
        section: null,
        prepares: false,
        barrier: null,
        target: 'local',
        state: 'queued',
        why: null,
        stale: null,
        started: null,
        took: null
      }
    ])
  );
  readonly edges = EDGES.map(edge => ({
    ...edge,
    kind: 'value' as const,
    names: ['v'],
    why: '',
    bytes: null
  }));
  readonly sections = new Map<string, string>();
  readonly selected = null;
  readonly error = null;
  readonly isReady = true;
  readonly changed = new Signal<IGraphModel, IGraphChange>(this);
  readonly selectedChanged = new Signal<IGraphModel, void>(this);
  readonly disposed = new Signal<this, void>(this);
  readonly isDisposed = false;
  select(): void {}
  dispose(): void {}
}

export async function measure(host: HTMLElement): Promise<IMeasured> {
  const model = new Model();
  let layout: ILayout | null = null;
  let layoutTook = 0;
  const laidOut = new Promise<void>(resolve => {
    const prepared = new GraphScene({
      model,
      layOut: async input => {
        const begun = performance.now();
        layout = layOut(input);
        layoutTook = performance.now() - begun;
        resolve();
        return layout;
      }
    });
    void prepared;
  });
  await laidOut;
  const count = (selector: string) => host.querySelectorAll(selector).length;
  const mount = await painted(
    () => {
      const scene = new GraphScene({ model, layOut: async () => layout! });
      const trans = nullTranslator.load('jupyterlab');
      const drawing = new GraphDrawing({
        scene,
        trans,
        onOpen: () => undefined
      });
      Widget.attach(drawing, host);
    },
    () => count('[role=option]') === COUNT
  );
  const update = await painted(
    () => {
      for (const { id } of UPDATED) {
        model.nodes.set(id, { ...model.nodes.get(id)!, state: 'running' });
      }
      const nodes = UPDATED.map(({ id }) => id);
      model.changed.emit({ structure: false, nodes });
    },
    () => count('[data-state=running]') === UPDATED.length
  );
  return { layout: layoutTook, mount, update, elements: count('*') };
}
