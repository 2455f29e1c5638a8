// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Waits in time: how many tasks wait and how many waits end, over all (uPlot), and a
 * strip for each of the locks that are waited for most. */
import uPlot from "uplot";
import { empty, h, replace, section } from "./dom.js";
import { count, duration, moment, plural } from "./format.js";
import { lockLink } from "./links.js";

const LEFT = 190, RIGHT = 84, NARROW = 640, SHOWN = 12;

function css(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seconds(n) {
	return duration(n * 1e9);
}

export class Timeline {
	constructor(data) {
		const { time } = data.raw;

		this.data = data;
		this.time = time;
		this.all = false;
		this.plotBox = h("div", { class: "plot", role: "img", "aria-label": this.summary() });
		this.strips = h("div", { class: "strips", role: "table", "aria-label": "Waits of each lock over time" });
		this.info = h("p", { class: "info", "aria-live": "polite" });
		this.el = time && section("timeline", "Timeline", "drag to zoom, double-click for all",
			time.ended.length ? [this.plotBox, this.strips, this.info]
				: empty("No single wait was recorded."));
	}

	summary() {
		return this.time ? `${plural(this.time.waits, "wait")} over ${duration(this.data.about.end_ns)}` : "";
	}

	series() {
		const { time } = this, s = time.column_ns / 1e9;
		const columns = time.ended.map((_, i) => i);

		return [columns.map(i => (i + 0.5) * s),
			columns.map(i => (time.sleep_ns[i] + time.spin_ns[i]) / time.column_ns),
			columns.map(i => time.spin_ns[i] / time.column_ns),
			columns.map(i => time.ended[i] / s)];
	}

	margins() {
		const narrow = this.plotBox.clientWidth < NARROW;

		return { left: narrow ? 110 : LEFT, right: narrow ? 56 : RIGHT };
	}

	/* What was found and goes on, and each deadlock, as a line at its time. */
	marks(u) {
		const { ctx, bbox } = u;

		ctx.save();
		for (const f of this.data.findings.filter(g => g.state === "open" || g.kind === "deadlock")) {
			const x = u.valToPos(f.t_ns / 1e9, "x", true);

			if (f.t_ns === null || x < bbox.left || x > bbox.left + bbox.width)
				continue;
			ctx.strokeStyle = css(f.kind === "deadlock" ? "--bad" : "--warn");
			ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
			ctx.beginPath();
			ctx.moveTo(x, bbox.top);
			ctx.lineTo(x, bbox.top + bbox.height);
			ctx.stroke();
		}
		ctx.restore();
	}

	options() {
		const { left, right } = this.margins();
		const axis = { stroke: css("--dim"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") },
			font: "12px system-ui, sans-serif" };
		const rate = v => v >= 1 || v === 0 ? count(Math.round(v)) : v.toPrecision(2);

		return {
			width: this.plotBox.clientWidth, height: 200, padding: [12, 0, 0, 0],
			cursor: { drag: { x: true, y: false }, points: { size: 6 } },
			scales: { x: { time: false }, waiting: { range: (_, __, max) => [0, 1.08 * max || 1] },
				rate: { range: (_, __, max) => [0, 1.15 * max || 1] } },
			axes: [{ ...axis, values: (_, list) => list.map(v => `${+v.toPrecision(6)} s`) },
				{ ...axis, scale: "waiting", size: left, values: (_, list) => list.map(v => +v.toPrecision(3)) },
				{ ...axis, scale: "rate", side: 1, size: right, grid: { show: false },
					values: (_, list) => list.map(v => `${rate(v)}/s`) }],
			series: [{ label: "at", value: (_, v) => v === null ? "–" : seconds(v) },
				{ label: "tasks waiting", scale: "waiting", stroke: css("--c1"), fill: css("--c1-soft"), width: 1.5,
					points: { show: false }, value: (_, v) => v === null ? "–" : v.toFixed(2) },
				{ label: "of them spinning", scale: "waiting", stroke: css("--c2"), fill: css("--c2-soft"), width: 1,
					points: { show: false }, value: (_, v) => v === null ? "–" : v.toFixed(2) },
				{ label: "waits ended", scale: "rate", stroke: css("--c3"), width: 1.25, points: { show: false },
					value: (_, v) => v === null ? "–" : `${rate(v)}/s` }],
			hooks: { draw: [u => this.marks(u)], setScale: [(u, key) => key === "x" && this.paint()] },
		};
	}

	draw() {
		if (!this.time?.ended.length)
			return;
		this.plot?.destroy();
		this.drawStrips();
		this.plot = new uPlot(this.options(), this.series(), this.plotBox);
		this.paint();
	}

	strip([index, waits, ns, max, first, cells]) {
		const lock = this.data.locks[index];
		const canvas = h("canvas", { role: "img",
			"aria-label": `${plural(waits, "wait")}, ${duration(ns)}, the longest ${duration(max)}` });
		const row = { lock, first, cells, canvas };

		canvas.addEventListener("mousemove", e => replace(this.info, this.tell(row, e)));
		this.rows.push(row);
		return h("div", { class: "strip", role: "row" },
			h("span", { class: "name", role: "rowheader" }, lockLink(lock)),
			h("span", { role: "cell" }, canvas),
			h("span", { class: "number", role: "cell", title: plural(waits, "wait") }, duration(ns)));
	}

	drawStrips() {
		const { left, right } = this.margins(), { strips, strips_left_out } = this.time;

		this.rows = [];
		this.strips.style.setProperty("--left", `${left}px`);
		this.strips.style.setProperty("--right", `${right}px`);
		replace(this.strips, strips.slice(0, this.all ? undefined : SHOWN).map(s => this.strip(s)),
			!this.all && strips.length > SHOWN && h("button", { type: "button", onclick: () => {
				this.all = true;
				this.draw();
			} }, `show ${strips.length - SHOWN} more locks`),
			(this.all || strips.length <= SHOWN) && strips_left_out > 0
				&& h("p", { class: "note" }, `${plural(strips_left_out, "lock")} with less wait left out`));
	}

	range() {
		const { min, max } = this.plot?.scales.x ?? {};

		return Number.isFinite(min) && max > min ? [min, max] : [0, this.time.ended.length * this.time.column_ns / 1e9];
	}

	tell(row, event) {
		const [min, max] = this.range();
		const at = min + (max - min) * event.offsetX / row.canvas.clientWidth;
		const ns = row.cells[Math.floor(at * 1e9 / this.time.column_ns) - row.first] ?? 0;

		return `${moment(at * 1e9)}: ${(ns / this.time.column_ns).toFixed(2)} tasks waited for ${row.lock.name ?? row.lock.id}`;
	}

	/* The strips, in the range that the plot shows; darker is more tasks. */
	paint() {
		const [min, max] = this.range(), ratio = devicePixelRatio || 1;
		const most = Math.max(...this.rows.flatMap(r => r.cells.reduce((a, b) => Math.max(a, b), 0)), 1);

		for (const { canvas, first, cells } of this.rows) {
			const width = canvas.clientWidth, height = canvas.clientHeight, ctx = canvas.getContext("2d");
			const perSecond = width / (max - min), step = this.time.column_ns / 1e9 * perSecond;

			canvas.width = width * ratio;
			canvas.height = height * ratio;
			ctx.scale(ratio, ratio);
			ctx.fillStyle = css("--c1");
			cells.forEach((ns, i) => {
				const x = ((first + i) * this.time.column_ns / 1e9 - min) * perSecond;

				if (!ns || x + step < 0 || x > width)
					return;
				ctx.globalAlpha = 0.18 + 0.82 * Math.sqrt(ns / most);
				ctx.fillRect(x, 0, Math.max(step, 1), height);
			});
		}
	}
}
