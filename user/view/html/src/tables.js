// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The tables: what each column of the program's statistics looks like here. */
import { empty, h, section } from "./dom.js";
import { lockLabel, taskLabel } from "./data.js";
import { count, duration, moment, plural } from "./format.js";
import { functionLink, lockLink, taskLink, to } from "./links.js";
import { table } from "./table.js";

const SHARE = 1, MAX = 2, HOLD_MAX = 4;
const COUNTS = new Set(["count", "holds", "waiters"]);
const TEXTS = new Set(["kind", "mode", "lock", "caller", "site"]);
/* which estimate a column of numbers may be */
const GUESS = { count: SHARE, total: SHARE, avg: SHARE, p99: SHARE | MAX, max: MAX, hold_max: HOLD_MAX };

function numberColumn(id, title, at) {
	const shown = COUNTS.has(id) ? count : duration;

	return { id, title, number: true, value: row => row[at],
		text: row => `${row[1] & GUESS[id] ? "~" : ""}${row[at] || COUNTS.has(id) ? shown(row[at]) : "–"}` };
}

function textColumn(data, id, title, at) {
	const column = { id, title, text: row => row[at] };

	if (id === "lock")
		column.cell = row => row[0] >= 0 ? lockLink(data.locks[row[0]]) : row[at];
	if (id === "caller" || id === "site")
		column.cell = row => {
			const name = row[at].replace(/, \.\.\.$/, "").replace(/\+0x.*$/, "");

			return name.startsWith("(") ? h("span", { class: "dim" }, row[at])
				: h("a", { href: to("fn", name), class: "mono" }, row[at]);
		};
	return column;
}

function statTable(data, key, caption) {
	const { columns, rows, sort, left_out } = data.raw.tables[key];
	const made = columns.map(([id, title], i) => TEXTS.has(id) ? textColumn(data, id, title, i + 2)
		: numberColumn(id, title, i + 2));
	/* names first: that is how a row is found again */
	const texts = made.filter(c => TEXTS.has(c.id)), numbers = made.filter(c => c.number);
	const front = key === "lock" || key === "name" ? ["lock", "kind"] : key === "site" ? ["site", "lock"] : ["caller", "lock"];
	const first = front.map(id => texts.find(c => c.id === id));
	const rest = texts.filter(c => !first.includes(c));

	return rows.length ? table({ caption, rows, sort, columns: [...first, ...numbers, ...rest],
		note: left_out ? `${plural(left_out, "row")} with less ${sort === "total" ? "wait" : "hold"} left out` : null })
		: null;
}

export function locksSection(data) {
	for (const row of data.raw.tables.lock.rows)
		if (row[0] >= 0)
			data.locks[row[0]].row = row;
	const each = statTable(data, "lock", "Locks");

	if (data.raw.tables.name.rows.length >= data.raw.tables.lock.rows.length)
		return section("locks", "Locks", "a row per lock; ~ marks an estimate",
			each ?? empty("No statistics: no wait of a kernel lock ended."));
	return section("locks", "Locks", "a row per name; ~ marks an estimate", statTable(data, "name", "Locks by name"),
		h("details", { class: "each" }, h("summary", null, "each lock apart"), each));
}

export function callersSection(data) {
	return section("callers", "Callers", "the function that took the lock",
		statTable(data, "caller", "Callers") ?? empty("No statistics by caller."));
}

export function sitesSection(data) {
	const made = statTable(data, "site", "Holds by where the lock was taken");

	return made && section("sites", "Holds", "by where the lock was taken", made);
}

function taskColumns(whole) {
	return [
		{ id: "task", title: "task", text: t => taskLabel(t.who), cell: t => taskLink(t.who) },
		{ id: "pid", title: "pid", number: true, value: t => t.who.pid, text: t => String(t.who.pid) },
		{ id: "count", title: "waits", number: true, value: t => t.stat.count, text: t => count(t.stat.count) },
		{ id: "total", title: "total wait", number: true, value: t => t.stat.ns, text: t => duration(t.stat.ns) },
		{ id: "share", title: "of its time", number: true, value: t => t.stat.ns,
			text: t => whole > 0 ? `${Math.min(100 * t.stat.ns / whole, 100).toFixed(1)} %` : "" },
		{ id: "max", title: "max wait", number: true, value: t => t.stat.max, text: t => duration(t.stat.max) },
		{ id: "spin", title: "of it spun", number: true, value: t => t.stat.spin,
			text: t => t.stat.spin ? duration(t.stat.spin) : "–" },
	];
}

export function tasksSection(data) {
	const rows = [...data.tasks.values()].filter(t => t.stat), time = data.raw.time;

	if (!time)
		return null;
	return section("tasks", "Tasks", "from single waits",
		rows.length ? table({ caption: "Tasks", rows, sort: "total", columns: taskColumns(data.about.end_ns),
			note: time.tasks_left_out ? `${plural(time.tasks_left_out, "task")} with less wait left out` : null })
			: empty("No single wait was recorded."));
}

export function waitColumns(data, without) {
	const lock = w => w.lock >= 0 ? data.locks[w.lock] : null;
	const caller = w => data.callerOf(w.stack)?.name ?? "";

	return [
		{ id: "ns", title: "waited", number: true, value: w => w.ns,
			text: w => `${w.atLeast ? "≥ " : ""}${duration(w.ns)}${w.open ? " …" : ""}` },
		{ id: "task", title: "task", text: taskLabel, cell: taskLink },
		{ id: "lock", title: "lock", text: w => lock(w) ? lockLabel(lock(w)) : "?",
			cell: w => lock(w) ? lockLink(lock(w)) : "?" },
		{ id: "mode", title: "mode", text: w => `${w.mode}${w.spin ? ", spins" : ""}` },
		{ id: "caller", title: "caller", text: caller, cell: w => caller(w) && functionLink(caller(w)) },
		{ id: "owner", title: "held by", text: w => w.owner ? String(w.owner) : "",
			cell: w => data.byTid.has(w.owner) ? taskLink(data.byTid.get(w.owner).who) : w.owner ?? "" },
		{ id: "since", title: "began", number: true, value: w => w.since, text: w => moment(w.since) },
		{ id: "result", title: "ended", text: w => w.open ? "goes on" : w.result ? `error ${w.result}` : "got it" },
		{ id: "stack", title: "stack", text: w => w.stack ? `#${w.stack}` : "",
			cell: w => w.stack && h("a", { href: to("stack", w.stack) }, `#${w.stack}`) },
	].filter(c => c.id !== without);
}

export function waitsSection(data) {
	const { time } = data.raw;

	if (!time || !data.longest.length)
		return null;
	return section("waits", "Longest waits",
		data.longest.length < time.waits ? `the ${count(data.longest.length)} longest of ${count(time.waits)}` : null,
		table({ caption: "Longest waits", rows: data.longest, sort: "ns", columns: waitColumns(data) }));
}
