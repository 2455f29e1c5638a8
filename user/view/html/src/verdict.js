// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The first thing to read: what is wrong, how sure that is, and what was seen at all. */
import { h } from "./dom.js";
import { count, duration, plural, share, utc } from "./format.js";
import { lockLink, to } from "./links.js";
import { title } from "./findings.js";

/* What was lost, and how. */
const LOSSES = { ring: ["single wait", "(ring buffer full)"], maps: ["time", "a map had no room"],
	recursion: ["wait", "not seen (a program met itself)"], stack_collisions: ["stack", "(same hash)"],
	held_overflow: ["hold", "not seen (too many at once)"], looks: ["look", "at the machine failed or late"],
	lines: ["source line", "(the debug info did not answer in time)"],
	user_stacks: ["user stack", "could not be read"],
	unread: ["look", "at the locks of a process (its memory did not answer)"],
	reads_cut: ["look", "given up half-way"], locks_cut: ["lock", "left out of the graph"] };

function lost(data) {
	return Object.entries(LOSSES).filter(([id]) => data.raw.lost[id])
		.map(([id, [noun, how]]) => `${plural(data.raw.lost[id], noun)} ${how}`);
}

function kinds(findings) {
	const sums = new Map();

	for (const f of findings)
		sums.set(title(f), (sums.get(title(f)) ?? 0) + 1);
	return [...sums].map(([name, n]) => `${n} ${name}`).join(", ");
}

/* { level, head, line, finding } */
function judge(data) {
	const open = data.findings.filter(f => f.state === "open");
	const worst = open.find(f => f.kind === "deadlock") ?? data.findings.find(f => f.kind === "deadlock");

	if (worst)
		return { level: worst.state === "open" ? "bad" : "warn", finding: worst,
			head: worst.state === "open" ? "Deadlock" : "A deadlock, since dissolved", line: worst.summary };
	if (open.length)
		return { level: "warn", head: kinds(open), line: open[0].summary, finding: open[0] };
	if (data.findings.length)
		return { level: "warn", head: `Over by now: ${kinds(data.findings)}`, line: data.findings[0].summary,
			finding: data.findings[0] };
	return { level: "good", head: "Nothing found", line: "No deadlock, and no wait or hold past its threshold." };
}

function fact(name, ...value) {
	return h("div", null, h("dt", null, name), h("dd", null, value));
}

function hottest(data) {
	const row = data.raw.tables.lock.rows[0], { totals } = data.raw;

	if (!row || row[0] < 0 || !totals.wait_ns)
		return null;
	const total = row[2 + data.raw.tables.lock.columns.findIndex(([id]) => id === "total")];
	const lock = data.locks[row[0]];

	return total ? fact("most waited for", lockLink(lock), ` ${lock.kind}, ${share(total, totals.wait_ns)} of all wait`) : null;
}

function facts(data) {
	const { about, totals, time, graph } = data.raw;
	const span = about.end_ns, stuck = graph?.tasks.filter(t => t.wait).length ?? 0;

	return h("dl", { class: "facts" },
		fact("waits ended", totals.waits ? `${count(totals.waits)}, ${duration(totals.wait_ns)} in all` : time ? "none" : "not counted"),
		span > 0 && totals.wait_ns > 0 && fact("tasks waiting, on average", (totals.wait_ns / span).toFixed(2)),
		totals.locks > 0 && fact("locks", count(totals.locks)),
		totals.holds > 0 && fact("holds", `${count(totals.holds)}, ${duration(totals.hold_ns)} in all`),
		hottest(data),
		graph && fact("waiting at the end", plural(stuck, "task")),
		span !== null && fact("seen for", duration(span)));
}

function warnings(data) {
	const { about } = data, list = [], missing = lost(data);

	if (about.cut_short && about.file)
		list.push("This recording was cut short: it has no end.");
	if (about.faults)
		list.push(`${plural(about.faults, "line")} of the recording could not be used.`);
	if (missing.length)
		list.push(`Lost: ${missing.join(", ")}.`);
	if (data.raw.totals.unaccounted)
		list.push(`${plural(data.raw.totals.unaccounted, "wait")} found no room in the kernel's table and belong to no row.`);
	return list.length ? h("ul", { class: "warnings" }, list.map(text => h("li", null, text))) : null;
}

export function verdictSection(data) {
	const v = judge(data);

	return h("section", { id: "verdict", class: `verdict ${v.level}`, tabindex: -1, "aria-label": "Verdict" },
		h("h1", null, v.head),
		h("p", { class: "line" }, v.finding ? h("a", { href: to("finding", v.finding.id) }, v.line) : v.line,
			v.finding && h("span", { class: "tag" }, v.finding.confidence)),
		warnings(data), facts(data));
}

export function origin(data) {
	const { about } = data;

	return [about.host, about.kernel && `Linux ${about.kernel}`, about.level && `level ${about.level}`,
		utc(about.began_at), about.file].filter(Boolean);
}
