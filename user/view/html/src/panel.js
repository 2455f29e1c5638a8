// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The panel at the side: one lock, task, stack or function, and what leads on from it. */
import { empty, h, replace } from "./dom.js";
import { lockLabel, taskLabel } from "./data.js";
import { count, duration, plural, share } from "./format.js";
import { taskBlock } from "./findings.js";
import { findingLink, functionLink, lockLink, stackList, taskLink, to } from "./links.js";
import { table } from "./table.js";
import { waitColumns } from "./tables.js";

function list(title, items) {
	return items.length > 0 && [h("h3", null, title), h("ul", { class: "plain" }, items.map(i => h("li", null, i)))];
}

function rows(pairs) {
	return h("dl", { class: "facts small" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
		.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function findings(set) {
	return list("Findings", [...set].map(findingLink));
}

function waits(data, list_, without) {
	return list_.length > 0 && [h("h3", null, "Longest waits"),
		table({ caption: "Longest waits", rows: list_, sort: "ns", columns: waitColumns(data, without) })];
}

/* Ways summed up by what each is told by: [[item, ns, count]], most first. */
function sums(ways, of) {
	const sum = new Map();

	for (const way of ways) {
		const key = of(way);
		const had = sum.get(key) ?? [key, 0, 0];

		sum.set(key, [key, had[1] + way.ns, had[2] + way.count]);
	}
	return [...sum.values()].sort((a, b) => b[1] - a[1]);
}

function bars(title, items, link) {
	const whole = items.reduce((n, [, ns]) => n + ns, 0);

	return items.length > 0 && [h("h3", null, title), h("ul", { class: "bars" }, items.slice(0, 20).map(([item, ns, n]) =>
		h("li", null, h("meter", { min: 0, max: whole || 1, value: ns, "aria-label": share(ns, whole) }),
			link(item), h("span", { class: "dim" }, ` ${duration(ns)}, ${plural(n, "wait")}`))))];
}

function tids(data, list_) {
	return list_.map((tid, i) => [i ? ", " : "", data.byTid.has(tid) ? taskLink(data.byTid.get(tid).who) : String(tid)]);
}

function lockPanel(data, id) {
	const lock = data.byKey.get(id);

	if (!lock)
		return null;
	const ways = data.ways.filter(w => data.locks[w.lock] === lock), { seen } = lock;
	const value = name => {
		const at = data.raw.tables.lock.columns.findIndex(([c]) => c === name);

		return lock.row && at >= 0 ? lock.row[at + 2] : null;
	};

	return [h("h2", null, h("span", { class: "kind" }, lock.kind), " ", lockLabel(lock)),
		rows([["identity", lock.id], ["object", lock.object], ["waits", value("count") && count(value("count"))],
			["total wait", value("total") && duration(value("total"))], ["longest", value("max") && duration(value("max"))],
			["holds", value("holds") && count(value("holds"))], ["longest hold", value("hold_max") && duration(value("hold_max"))],
			["held by", seen && (seen.owners.length ? tids(data, seen.owners) : seen.complete ? "nobody" : "not known")],
			["waiting now", seen?.waiters.length ? tids(data, seen.waiters) : null], ["evidence", seen?.evidence]]),
		lock.name && lock.guess && h("p", { class: "dim" }, "The name is a guess."),
		ways.length > 0 && h("p", null, h("a", { href: "#flame", "data-only": lock.key }, "flame graph of this lock alone")),
		findings(lock.findings),
		bars("Waited for from", sums(ways, w => data.callerOf(w.stack)?.name ?? null), name => name ? functionLink(name)
			: "(stack not walked)"),
		bars("Stacks", sums(ways.filter(w => w.stack), w => w.stack).slice(0, 8), stack => h("a", { href: to("stack", stack) },
			`stack #${stack}`)),
		waits(data, data.longest.filter(w => data.locks[w.lock] === lock), "lock")];
}

function taskPanel(data, id) {
	const task = data.tasks.get(id);

	if (!task)
		return null;
	const { who, seen, stat } = task;
	const told = seen ?? [...task.findings].flatMap(f => [...(f.cycle ?? []), ...(f.tasks ?? []), f.root])
		.find(t => t && t.tid === who.tid && t.state);

	return [h("h2", null, taskLabel(who)),
		rows([["pid", who.pid], ["tid in its namespace", who.ns_tid], ["cgroup", who.cgroup || null],
			["waits", stat && count(stat.count)], ["total wait", stat && duration(stat.ns)],
			["longest", stat && duration(stat.max)], ["of it spun", stat?.spin ? duration(stat.spin) : null]]),
		told && [h("h3", null, seen ? "In the last look" : "When it was found"), taskBlock(data, told, seen ? data.raw.graph.t_ns : null)],
		findings(task.findings), waits(data, task.waits, "task")];
}

function stackPanel(data, id) {
	const stack = data.stacks.get(Number(id));

	if (!stack)
		return null;
	const ways = data.ways.filter(w => w.stack === stack.id);

	return [h("h2", null, `stack #${stack.id}`),
		h("ol", { class: "stack mono whole" }, stack.frames.map((f, i) =>
			h("li", { class: i < stack.caller || f.entry ? "dim" : i === stack.caller ? "caller" : null },
				h("a", { href: to("fn", f.name) }, f.text)))),
		bars("Locks waited for here", sums(ways, w => data.locks[w.lock]), lock => lock ? lockLink(lock) : "?"),
		waits(data, data.longest.filter(w => w.stack === stack.id), "stack")];
}

function functionPanel(data, name) {
	const stacks = new Set([...data.stacks.values()].filter(s => s.frames.some(f => f.name === name)).map(s => s.id));
	const ways = data.ways.filter(w => stacks.has(w.stack));

	if (!stacks.size)
		return null;
	return [h("h2", null, name),
		h("p", { class: "dim" }, `part of ${plural(stacks.size, "stack")}`),
		bars("Locks waited for below it", sums(ways, w => data.locks[w.lock]), lock => lock ? lockLink(lock) : "?"),
		bars("Taken by", sums(ways, w => data.callerOf(w.stack)?.name ?? "?"), functionLink),
		h("h3", null, "Stacks"), [...stacks].slice(0, 5).map(id => stackList(data, id)),
		waits(data, data.longest.filter(w => stacks.has(w.stack)))];
}

const KINDS = { lock: lockPanel, task: taskPanel, stack: stackPanel, fn: functionPanel };

/* Shows it and takes the focus, or hides for null.  back: where closing leads. */
export function show(data, where, close) {
	const panel = document.getElementById("panel");

	if (!where || !KINDS[where.kind]) {
		panel.hidden = true;
		return;
	}
	replace(panel, h("button", { type: "button", class: "close", "aria-label": "Close details", onclick: close }, "✕"),
		KINDS[where.kind](data, where.id) ?? [h("h2", null, where.id), empty("Nothing is known of it.")]);
	panel.hidden = false;
	panel.scrollTop = 0;
	panel.querySelector("h2").setAttribute("tabindex", "-1");
	panel.querySelector("h2").focus({ preventScroll: true });
}
