// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What was found: each with its picture, who waits for what and where, and the evidence. */
import { empty, h, section } from "./dom.js";
import { duration, moment, plural } from "./format.js";
import { draw } from "./graph.js";
import { lockKey } from "./data.js";
import { lockLink, stackList, taskLink, userStack } from "./links.js";
import { ofFinding, ofRead } from "./waitgraph.js";

const UNFOLDED = 5, SHOWN = 12;
const STATES = { D: "sleeps uninterruptibly (D)", S: "sleeps (S)", R: "is runnable (R)", T: "is stopped (T)",
	Z: "has exited", X: "has exited", I: "is idle (I)" };

export function title(f) {
	return f.kind.replaceAll("_", " ");
}

function stateText(task) {
	const on = task.cpu === null || task.cpu === undefined ? STATES[task.state] ?? ""
		: `runs on CPU ${task.cpu}${task.context !== "task" ? ` in ${task.context}` : ""}`;

	return task.syscall?.name ? `${on} in ${task.syscall.name}()` : on;
}

function modeText(what) {
	return what.mode && what.mode !== "exclusive" ? `${what.mode} ` : "";
}

function age(since, now) {
	return since === null || since === undefined || now === null ? "" : ` for ${duration(Math.max(now - since, 0))}`;
}

function siteText(site) {
	const line = site?.line ? ` ${site.line}` : "";

	return site ? `, taken at ${site.sym ? `${site.sym}+0x${site.off.toString(16)}` : site.addr}${line}` : "";
}

function waitLine(data, wait, now) {
	const known = data.byKey.get(lockKey(wait));

	return h("p", null, wait.spin ? "spins" : "waits", wait.since_at_least && " at least", age(wait.since_ns, now),
		` for ${modeText(wait)}${wait.kind} `, known ? lockLink(known) : wait.lock);
}

function holdLine(data, hold, now) {
	const known = data.byKey.get(lockKey(hold));

	return h("p", null, `holds ${modeText(hold)}${hold.kind} `, known ? lockLink(known) : hold.lock,
		age(hold.since_ns, now), siteText(hold.site),
		hold.certainty && hold.certainty !== "certain" && h("em", null, ` (${hold.certainty})`));
}

/* One task: its state, what it waits for and holds, and where it is. */
export function taskBlock(data, task, now, role) {
	const wait = task.waits_for ?? task.wait;
	const holds = Array.isArray(task.holds) ? task.holds : task.holds ? [task.holds] : [];

	return h("div", { class: "who" },
		h("h4", null, taskLink(task), h("span", { class: "dim" }, ` pid ${task.pid} `), stateText(task),
			role && h("span", { class: "tag" }, role)),
		wait && waitLine(data, wait, now),
		holds.map(hold => holdLine(data, hold, now)),
		stackList(data, wait?.stack ?? task.stack),
		userStack(data, task.user_stack));
}

function people(data, f) {
	const list = [], seen = new Set();
	const add = (tasks, role) => tasks?.forEach(t => {
		if (!seen.has(t.tid))
			list.push([t, role]);
		seen.add(t.tid);
	});

	if (f.root)
		add([f.root], f.root_in_cycle ? "where the chain enters a cycle" : `at the root (${f.root_confidence})`);
	add(f.cycle);
	add(f.members);
	add(f.tasks);
	const most = list.slice(0, 12);

	return [most.map(([t, role]) => taskBlock(data, t, f.t_ns, role)),
		list.length > most.length && h("p", { class: "dim" }, `and ${plural(list.length - most.length, "more task")}`),
		f.behind?.length > 0 && h("p", null, "stuck behind it: ",
			f.behind.slice(0, 50).map((t, i) => [i ? ", " : "", taskLink(t)]),
			f.behind.length > 50 && ` and ${f.behind.length - 50} more`)];
}

function breakers(f) {
	const ways = new Set((f.edges ?? []).map(e => e.breakable_by).filter(Boolean));

	if (f.kind !== "deadlock")
		return null;
	return h("p", null, h("strong", null, "Can be broken by: "), ways.size ? [...ways].join(", ")
		: "nothing; no wait in it has a timeout or heeds a signal");
}

function body(data, f, room) {
	const graph = ofFinding(data, f);

	return [h("div", { class: "picture", tabindex: 0, role: "region", "aria-label": `Wait-for graph of ${title(f)} #${f.id}` },
		draw(graph, `Wait-for graph: ${f.summary}`, room)),
	graph.left_out > 0 && h("p", { class: "note" }, `${plural(graph.left_out, "task")} left out of the picture`),
	breakers(f),
	h("div", { class: "people" }, people(data, f)),
	f.evidence.length > 0 && h("div", { class: "evidence" }, h("h4", null, "Evidence"),
		h("ul", null, f.evidence.map(e => h("li", null, e))))];
}

function card(data, f, unfold, room) {
	const content = h("div", { class: "body" });
	const details = h("details", { id: `finding-${f.id}`, class: `finding ${f.kind} ${f.state}`, open: unfold,
		ontoggle: () => {
			if (details.open && !content.firstChild)
				content.append(...body(data, f, room() - 28).flat(Infinity).filter(Boolean));
		} },
		h("summary", null, h("span", { class: `badge ${f.kind}` }, title(f)),
			h("span", { class: "what" }, f.summary),
			h("span", { class: "meta" }, `#${f.id} · ${f.state === "open" ? "open" : "over"} · ${f.confidence} · ${times(f)}`)),
		content);

	return details;
}

/* When it was seen first; of one that is over, also when it was seen to be so. */
function times(f) {
	return f.state === "open" ? `since ${moment(f.opened_ns)}` : `${moment(f.opened_ns)} to ${moment(f.t_ns)}`;
}

/* What it is about: the lock's kind and name.  null: it always stands alone. */
function lockOf(f) {
	const task = f.tasks?.[0], lock = f.kind === "long_hold" ? task?.holds : task?.waits_for;

	return ["long_wait", "long_spin", "long_hold"].includes(f.kind) && lock?.name ? lock : null;
}

/* Those of one kind about locks of one name, in the order of their first. */
function groups(findings) {
	const known = new Map();

	for (const f of findings) {
		const lock = lockOf(f);
		const key = lock ? `${f.kind} ${f.state} ${lock.kind} ${Boolean(lock.name_guess)} ${lock.name}` : f;

		known.set(key, [...known.get(key) ?? [], f]);
	}
	return [...known.values()].flatMap(list => new Set(list.map(f => lockOf(f)?.lock)).size > 1 ? [list] : list.map(f => [f]));
}

function longest(list) {
	return list.reduce((most, f) => Math.max(most, f.hold_ns ?? f.wait_ns ?? 0), 0);
}

function groupCard(data, list, room) {
	const [f] = list, lock = lockOf(f), locks = new Set(list.map(one => lockOf(one).lock)).size;

	return h("details", { class: `finding group ${f.kind} ${f.state}` },
		h("summary", null, h("span", { class: `badge ${f.kind}` }, title(f)),
			h("span", { class: "what" }, `${plural(locks, "lock")}, ${lock.kind} ${lock.name}${lock.name_guess ? "?" : ""}, the longest for ${duration(longest(list))}`),
			h("span", { class: "meta" }, `${plural(list.length, "finding")} · ${f.state === "open" ? "open" : "over"}`)),
		h("div", { class: "body" }, list.map(one => card(data, one, false, room))));
}

export function findingsSection(data, room) {
	const { findings } = data, out = data.raw.findings_left_out;

	if (!findings.length)
		return section("findings", "Findings", null, empty(data.about.level === "unknown" ? "None."
			: "None: nothing waited, spun or was held past its threshold, and nothing was stuck."));
	const cards = groups(findings).map((list, i) => list.length > 1 ? groupCard(data, list, room)
		: card(data, list[0], i < UNFOLDED && list[0].state === "open", room));
	const rest = h("div", { hidden: true }, cards.slice(SHOWN));

	return section("findings", "Findings", out ? `${plural(out, "more finding")} not shown` : null,
		cards.slice(0, SHOWN), rest, cards.length > SHOWN && h("div", { class: "more" },
			h("button", { type: "button", onclick: e => {
				rest.hidden = false;
				e.target.remove();
			} }, `show ${plural(cards.length - SHOWN, "more finding")}`)));
}

export function readSection(data, room) {
	const { graph } = data.raw;

	if (!graph)
		return null;
	const picture = ofRead(data);

	return section("graph", "Who waits for whom", `in the last look, at ${moment(graph.t_ns)}`,
		picture.nodes.length ? h("div", { class: "picture", tabindex: 0, role: "region", "aria-label": "Wait-for graph" },
			draw(picture, "Wait-for graph of the last look", room())) : empty("Nobody waited for a lock, and none was held."),
		picture.nodes.length > 0 && picture.left_out > 0
			&& h("p", { class: "note" }, `${plural(picture.left_out, "task")} left out of the picture`));
}
