import '@xyflow/react/dist/style.css';

import dagre from '@dagrejs/dagre';
import {
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  useNodesState
} from '@xyflow/react';
import * as React from 'react';
import { createRoot } from 'react-dom/client';

import { CELLS, COUNT, EDGES, type IMeasured, painted, UPDATED } from './graph';

type CellNode = Node<{ label: string; state: string }, 'cell'>;

const WIDTH = 208;
const HEIGHT = 48;

const Cell = React.memo(function Cell({ data }: NodeProps<CellNode>) {
  return (
    <div
      className="cell"
      data-state={data.state}
      style={{ width: WIDTH, height: HEIGHT }}
    >
      <Handle type="target" position={Position.Top} />
      <div>{data.label}</div>
      <div>{data.state} · local</div>
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
});

const nodeTypes = { cell: Cell };
const edges = EDGES.map(({ from, to }) => ({
  id: `${from} ${to}`,
  source: from,
  target: to
}));

let setNodes: (change: (nodes: CellNode[]) => CellNode[]) => void;

function Flow({ nodes: given }: { nodes: CellNode[] }): React.JSX.Element {
  const [nodes, set, onNodesChange] = useNodesState(given);
  setNodes = set;
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      onNodesChange={onNodesChange}
      fitView
      minZoom={0.02}
    />
  );
}

export async function measure(host: HTMLElement): Promise<IMeasured> {
  const begun = performance.now();
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ ranksep: 44, nodesep: 28 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of CELLS) {
    graph.setNode(id, { width: WIDTH, height: HEIGHT });
  }
  for (const { from, to } of EDGES) {
    graph.setEdge(from, to);
  }
  dagre.layout(graph);
  const layout = performance.now() - begun;
  const nodes = CELLS.map(({ id, label }): CellNode => {
    const { x, y } = graph.node(id);
    return {
      id,
      type: 'cell',
      position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 },
      data: { label, state: 'queued' }
    };
  });
  const count = (selector: string) => host.querySelectorAll(selector).length;
  const mount = await painted(
    () => createRoot(host).render(<Flow nodes={nodes} />),
    () =>
      count('.cell') === COUNT && count('.react-flow__edge') === EDGES.length
  );
  const updated = new Set(UPDATED.map(({ id }) => id));
  const update = await painted(
    () =>
      setNodes(all =>
        all.map(node =>
          updated.has(node.id)
            ? { ...node, data: { ...node.data, state: 'running' } }
            : node
        )
      ),
    () => count('[data-state=running]') === UPDATED.length
  );
  return { layout, mount, update, elements: count('*') };
}
