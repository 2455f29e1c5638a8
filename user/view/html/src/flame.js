// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The wait flame graph: stacks from the system call up to who took the lock, and on
 * top the lock.  The width is time waited, or the number of waits. */
import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";
import { empty, h, replace, section } from "./dom.js";
import { lockLabel } from "./data.js";
import { count, duration, share } from "./format.js";
import { to } from "./links.js";

const CELL = 20;

function child(node, name, more) {
	let found = node.index.get(name);

	if (!found) {
		found = { name, value: 0, children: [], index: new Map(), ...more };
		node.index.set(name, found);
		node.children.push(found);
	}
	return found;
}

/* The waits that still go on, with the time so far: no statistics count them yet. */
function openWays(data) {
	return data.longest.filter(w => w.open && w.stack)
		.map(w => ({ lock: w.lock, stack: w.stack, count: 1, ns: w.ns }));
}

function tree(data, ways, measure) {
	const root = { name: "all waits", value: 0, children: [], index: new Map() };

	for (const way of ways) {
		const lock = data.locks[way.lock], amount = way[measure];
		const frames = data.callers(way.stack).toReversed();
		let node = root;

		if (!amount || !lock)
			continue;
		root.value += amount;
		for (const frame of frames.length ? frames : [{ name: "(stack not walked)" }]) {
			node = child(node, frame.name, { fn: frame.module === undefined ? null : frame.name });
			node.value += amount;
		}
		child(node, `${lock.kind} ${lockLabel(lock)}`, { lock }).value += amount;
	}
	return root;
}

function depth(node) {
	return 1 + Math.max(0, ...node.children.map(depth));
}

function hue(name) {
	let sum = 0;

	for (const c of name)
		sum = (sum * 31 + c.codePointAt(0)) >>> 0;
	return sum;
}

/* Light enough for dark text in both schemes. */
function color(d) {
	const at = hue(d.data.name);

	if (d.highlight)
		return "hsl(300 85% 76%)";
	if (d.data.lock)
		return `hsl(${205 + at % 20} 70% ${70 + at % 8}%)`;
	return d.depth ? `hsl(${20 + at % 32} 78% ${66 + at % 10}%)` : "hsl(40 10% 76%)";
}

export class Flame {
	constructor(data) {
		this.data = data;
		this.measure = "ns";
		this.lock = null;
		this.term = "";
		this.box = h("div", { class: "flame", role: "group", "aria-label": "Wait flame graph" });
		this.info = h("p", { class: "info", "aria-live": "polite" });
		this.chips = h("div", { class: "tools" });
		this.el = section("flame", "Flame graph", "of waits by stack; the lock on top", this.chips, this.box, this.info);
	}

	ways() {
		const all = [...this.data.ways, ...openWays(this.data)];

		return this.lock ? all.filter(w => this.data.locks[w.lock] === this.lock) : all;
	}

	/* Only the waits of one lock; null: all. */
	only(lock) {
		if (lock === this.lock)
			return;
		this.lock = lock;
		this.draw();
	}

	search(term) {
		this.term = term.toLowerCase();
		if (!this.chart)
			return;
		if (this.term)
			this.chart.search(this.term);
		else
			this.chart.clear();
		this.decorate();
	}

	toolbar() {
		const button = (measure, text) => h("button", { type: "button",
			"aria-pressed": String(this.measure === measure), onclick: () => {
				this.measure = measure;
				this.draw();
			} }, text);

		replace(this.chips,
			h("span", { class: "group" }, button("ns", "time waited"), button("count", "number of waits")),
			h("button", { type: "button", onclick: () => this.reset() }, "reset zoom"),
			this.lock && h("button", { type: "button", class: "chip", onclick: () => this.only(null) },
				`only ${this.lock.kind} ${lockLabel(this.lock)} ✕`));
	}

	label(d) {
		const shown = this.measure === "ns" ? duration(d.data.value) : count(d.data.value);

		return `${d.data.name}: ${shown}, ${share(d.data.value, this.root.value)}`;
	}

	/* The library gives frames to the mouse alone. */
	decorate() {
		select(this.box).selectAll("g.frame")
			.attr("tabindex", 0).attr("role", "button")
			.attr("aria-label", d => this.label(d))
			.on("keydown", (event, d) => {
				if (event.key === "Enter" || event.key === " ") {
					event.preventDefault();
					this.chart.zoomTo(d);
				}
			})
			.on("focus", (_, d) => replace(this.info, this.label(d)));
	}

	clicked(d) {
		const { fn, lock } = d.data;

		this.decorate();
		replace(this.info, this.label(d), " ",
			fn && h("a", { href: to("fn", fn) }, "who calls it, for which locks"),
			lock && h("a", { href: to("lock", lock.key) }, "this lock"));
	}

	reset() {
		this.chart?.resetZoom();
		this.decorate();
		replace(this.info, this.hint());
	}

	hint() {
		const { left_out, left_out_ns } = this.data.raw.ways;

		return left_out ? `Rare stacks left out: ${count(left_out)} waits, ${duration(left_out_ns)}.` : "";
	}

	draw() {
		this.toolbar();
		this.chart?.destroy();
		this.chart = null;
		this.box.replaceChildren();
		this.root = tree(this.data, this.ways(), this.measure);
		if (!this.root.value) {
			replace(this.box, empty("No wait with a time to draw."));
			return;
		}
		this.chart = flamegraph().width(Math.max(this.box.clientWidth, 200)).cellHeight(CELL)
			.height(depth(this.root) * CELL).minFrameSize(0.7)
			.transitionDuration(matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200)
			.sort((a, b) => b.data.value - a.data.value)
			.setColorMapper(color).setLabelHandler(d => this.label(d))
			.setSearchMatch(d => this.term && d.data.name.toLowerCase().includes(this.term))
			.setSearchHandler(() => {})
			.setDetailsHandler(text => text && replace(this.info, text))
			.onClick(d => this.clicked(d));
		select(this.box).datum(this.root).call(this.chart);
		this.decorate();
		replace(this.info, this.hint());
		if (this.term)
			this.search(this.term);
	}
}
