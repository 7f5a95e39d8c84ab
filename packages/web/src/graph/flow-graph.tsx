// A graph one can look around in: nodes placed by the layered layout, edges between them, zooming by wheel, buttons and
// keys. What a node shows is the caller's.
import {
  Background,
  BackgroundVariant,
  Handle,
  MarkerType,
  Panel,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import type { Edge, Node, NodeProps } from "@xyflow/react";
import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { useMemo } from "react";
import type { ReactNode } from "react";
import { IconButton } from "../ui/button.tsx";
import { layeredLayout } from "./layered-layout.ts";

export interface FlowNode {
  readonly id: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** What it shows: a button where it can be chosen. */
  readonly content: ReactNode;
}
export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string | undefined;
  /** Drawn fainter: an edge that is not part of the usual way. */
  readonly faint?: boolean | undefined;
}

interface FlowGraphProps {
  readonly label: string;
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

type ContentNode = Node<{ content: ReactNode }, "content">;

const nodeTypes = { content: ContentNodeView };
const fit = { maxZoom: 1, padding: 0.12 };
/** Nothing of the library's own makes a node a control. */
const still = { draggable: false, selectable: false, connectable: false, deletable: false, focusable: false };

export function FlowGraph(props: FlowGraphProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ label, nodes, edges }: FlowGraphProps) {
  const shape = nodes.map(({ id, widthPx, heightPx }) => `${id} ${widthPx} ${heightPx}`).join("\n");
  const ways = edges.map(({ from, to }) => `${from}\n${to}`).join("\n\n");
  // What nodes show changes often; `shape` and `ways` say when the layout is another one.
  const layout = useMemo(() => layeredLayout(nodes, edges), [shape, ways]);
  const flowNodes = nodes.map(({ id, widthPx, heightPx, content }): ContentNode => ({
    id,
    type: "content",
    position: { x: layout.places.get(id)?.x ?? 0, y: layout.places.get(id)?.y ?? 0 },
    width: widthPx,
    height: heightPx,
    data: { content },
    // The library takes what cannot be selected or dragged for something that is not to be touched.
    style: { pointerEvents: "all" },
    ...still,
  }));
  const flowEdges = edges.map((edge, index): Edge => {
    const faint = edge.faint === true || layout.back.has(index);
    return {
      id: `${index}`,
      source: edge.from,
      target: edge.to,
      label: edge.label,
      focusable: false,
      selectable: false,
      style: { stroke: "var(--line-strong)", ...(faint ? { strokeDasharray: "4 4" } : {}) },
      labelStyle: { fill: "var(--ink-soft)", fontSize: 11 },
      labelBgStyle: { fill: "var(--canvas)" },
      markerEnd: { type: MarkerType.ArrowClosed, color: "var(--line-strong)", width: 16, height: 16 },
    };
  });
  return (
    <div role="region" aria-label={label} className="h-full min-h-64">
      <ReactFlow
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={fit}
        minZoom={0.1}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} color="var(--line)" />
        <Panel position="bottom-right">
          <Controls />
        </Panel>
      </ReactFlow>
    </div>
  );
}

function Controls() {
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  return (
    <div className="flex rounded-md border border-line bg-raised shadow-card">
      <IconButton icon={ZoomOut} label="Zoom out" size="sm" onClick={() => void zoomOut()} />
      <IconButton icon={ZoomIn} label="Zoom in" size="sm" onClick={() => void zoomIn()} />
      <IconButton icon={Maximize} label="Show the whole graph" size="sm" onClick={() => void fitView(fit)} />
    </div>
  );
}

function ContentNodeView({
  data,
  positionAbsoluteX,
  positionAbsoluteY,
  width = 0,
  height = 0,
}: NodeProps<ContentNode>) {
  const { setCenter, getZoom } = useReactFlow();
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} className="invisible" />
      <div
        className="size-full"
        onFocus={({ target }) => {
          // Reached by the keyboard it may be out of sight, and the browser cannot scroll to it.
          if (!target.matches(":focus-visible")) return;
          for (const each of [target.closest(".react-flow"), target.closest("[role=region]")]) each?.scrollTo(0, 0);
          void setCenter(positionAbsoluteX + width / 2, positionAbsoluteY + height / 2, { zoom: getZoom() });
        }}
      >
        {data.content}
      </div>
      <Handle type="source" position={Position.Bottom} isConnectable={false} className="invisible" />
    </>
  );
}
