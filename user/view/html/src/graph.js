// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A graph as a picture: dagre says where, this draws.  Nodes are links. */
import dagre from "@dagrejs/dagre";
import { svg } from "./dom.js";

const LINE = 16, PAD = 9, MAX_TEXT = 34;
const canvas = document.createElement("canvas").getContext("2d");

function short(text) {
	return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT / 2)}…${text.slice(1 - MAX_TEXT / 2)}` : text;
}

function widthOf(text, bold) {
	canvas.font = `${bold ? "600 " : ""}12.5px system-ui, sans-serif`;
	return canvas.measureText(text).width;
}

function layout({ nodes, edges }, direction) {
	const g = new dagre.graphlib.Graph({ multigraph: false });

	g.setGraph({ rankdir: direction, nodesep: 22, ranksep: 26, edgesep: 14, marginx: 8, marginy: 8 });
	g.setDefaultEdgeLabel(() => ({}));
	for (const node of nodes) {
		const lines = node.lines.map(short);

		g.setNode(node.key, { node, lines, height: lines.length * LINE + 2 * PAD,
			width: Math.max(...lines.map((t, i) => widthOf(t, i === (node.kind === "lock")))) + 4 * PAD });
	}
	for (const edge of edges)
		g.setEdge(edge.from, edge.to, { edge, labelpos: "c", height: LINE + 4,
			width: widthOf(short(edge.label)) + 10 });
	dagre.layout(g);
	return g;
}

/* Through the middles of the given points, so that no corner shows. */
function path(points) {
	let d = `M${points[0].x},${points[0].y}`;

	for (let i = 1; i < points.length - 1; i++) {
		const end = i === points.length - 2 ? points[i + 1]
			: { x: (points[i].x + points[i + 1].x) / 2, y: (points[i].y + points[i + 1].y) / 2 };

		d += ` Q${points[i].x},${points[i].y} ${end.x},${end.y}`;
	}
	return points.length === 2 ? `${d} L${points[1].x},${points[1].y}` : d;
}

let lastId = 0;

function arrow(id, cls) {
	return svg("marker", { id, class: cls, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8,
		markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
		svg("path", { d: "M0,0.5 L8,4 L0,7.5 Z" }));
}

function drawEdge(label, ids) {
	const { edge, points, x, y, width, height } = label;
	const text = short(edge.label);

	return svg("g", { class: `edge ${edge.style}${edge.dead ? " dead" : ""}` },
		svg("path", { d: path(points), "marker-end": `url(#${edge.dead ? ids.dead : ids.plain})` }),
		text && svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 4 }),
		text && svg("text", { x, y: y + 4 }, text, svg("title", null, edge.label)));
}

function drawNode({ node, lines, x, y, width, height }) {
	return svg("a", { href: node.href, class: `node ${node.kind}${node.dead ? " dead" : ""}`,
		"aria-label": `${node.kind} ${node.lines.join(", ")}` },
		svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: node.kind === "lock" ? height / 2 : 6 }),
		lines.map((text, i) => svg("text", { x, y: y - height / 2 + PAD + LINE * (i + 0.78),
			class: i === (node.kind === "lock" ? 1 : 0) ? "strong" : "" }, text)),
		svg("title", null, node.lines.join("\n")));
}

/* An element, or null for a graph without nodes.  room: pixels to the right. */
export function draw(graph, title, room) {
	if (!graph.nodes.length)
		return null;
	const g = layout(graph, room < 640 ? "TB" : "LR");
	const { width, height } = g.graph();
	/* a wide one shrinks into the room as long as it can be read; beyond that it scrolls */
	const scale = Math.min(1, Math.max(room / width, 0.65));
	const ids = { plain: `arrow${++lastId}`, dead: `arrow${++lastId}` };

	return svg("svg", { class: "graph", viewBox: `0 0 ${width} ${height}`, width: width * scale,
		height: height * scale, role: "group",
		"aria-label": title },
		svg("defs", null, arrow(ids.plain, "head-plain"), arrow(ids.dead, "head-dead")),
		g.edges().map(e => drawEdge(g.edge(e), ids)),
		g.nodes().map(n => drawNode(g.node(n))));
}
