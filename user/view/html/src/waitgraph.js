// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Who waits for whom, as nodes and edges: of one finding, and of the last read.
 * A node is { key, kind, href, lines, dead }, an edge { from, to, label, dead, style }.
 */
import { lockKey, lockLabel, taskKey, taskLabel, tasksOf } from "./data.js";
import { duration } from "./format.js";
import { to } from "./links.js";

class Builder {
	constructor(data) {
		this.data = data;
		this.nodes = new Map();
		this.edges = new Map();
	}

	task(who, dead) {
		const key = `t${taskKey(who)}`;
		const at = this.data.callerOf(who.waits_for?.stack ?? who.wait?.stack ?? who.stack);
		const state = [who.state, who.syscall?.name && `${who.syscall.name}()`,
			who.cpu !== null && who.cpu !== undefined && `CPU ${who.cpu}`].filter(Boolean).join(" · ");

		if (!this.nodes.has(key))
			this.nodes.set(key, { key, kind: "task", href: to("task", taskKey(who)), dead,
				lines: [taskLabel(who), at ? at.name : state, at ? state : ""].filter(Boolean) });
		return key;
	}

	lock(lock, dead) {
		const known = this.data.addLock(lock);
		const key = `l${known.key}`;

		if (!this.nodes.has(key))
			this.nodes.set(key, { key, kind: "lock", href: to("lock", known.key), dead: false,
				lines: [known.kind, lockLabel(known)] });
		this.nodes.get(key).dead ||= dead;
		return key;
	}

	edge(from, to, label, { dead = false, style = "" } = {}) {
		const key = `${from} ${to}`;

		if (!this.edges.has(key))
			this.edges.set(key, { from, to, label, dead, style });
		this.edges.get(key).dead ||= dead;
	}

	graph() {
		return { nodes: [...this.nodes.values()], edges: [...this.edges.values()] };
	}
}

function mode(what) {
	return what.mode && what.mode !== "exclusive" ? `${what.mode} ` : "";
}

function waitText(wait, now, spins) {
	const age = wait.since_ns === null || now === null ? "" : ` ${duration(Math.max(now - wait.since_ns, 0))}`;

	return `${mode(wait)}${spins ? "spins" : "waits"}${wait.since_at_least ? " at least" : ""}${age}`;
}

function holdText(hold, now) {
	const known = hold.since_ns !== null && hold.since_ns !== undefined && now !== null;
	const site = hold.site?.sym;

	return [`${mode(hold)}held${known ? ` ${duration(Math.max(now - hold.since_ns, 0))}` : ""}`,
		site ? `at ${site}` : ""].filter(Boolean).join(" ");
}

function addWait(b, task, now, dead) {
	if (!task.waits_for)
		return;
	b.edge(b.task(task, dead), b.lock(task.waits_for, dead),
		waitText(task.waits_for, now, task.waits_for.spin), { dead });
}

function addHold(b, task, now, dead) {
	if (task.holds)
		b.edge(b.lock(task.holds, dead), b.task(task, dead), holdText(task.holds, now), { dead });
}

function ofDeadlock(b, f, tasks) {
	const members = new Set(f.members.map(taskKey));
	const byTid = new Map(tasks.map(t => [t.tid, t]));

	for (const task of tasks) {
		const dead = members.has(taskKey(task));

		b.task(task, dead);
		addWait(b, task, f.t_ns, dead);
	}
	for (const task of f.cycle)
		addHold(b, task, f.t_ns, true);
	for (const edge of f.edges) {
		const holder = byTid.get(edge.holder), waiter = byTid.get(edge.waiter);
		const style = edge.certainty === "certain" ? "" : "unsure";

		if (!holder || !waiter)
			continue;
		if (edge.rule === "queue")
			b.edge(b.task(waiter, true), b.task(holder, true), "queued behind", { dead: true, style: "queue" });
		else
			b.edge(b.lock(edge, true), b.task(holder, true), edge.rule === "or" ? "one of its holders" : "held",
				{ dead: true, style });
	}
}

const MAX_TASKS = 40;

/* tasks of a finding once each; the first telling says most. */
function distinct(f) {
	return [...new Map(tasksOf(f).reverse().map(t => [taskKey(t), t])).values()].reverse();
}

export function ofFinding(data, f) {
	const b = new Builder(data), all = distinct(f), tasks = all.slice(0, MAX_TASKS);

	if (f.kind === "deadlock") {
		ofDeadlock(b, f, tasks);
	} else {
		for (const task of tasks) {
			b.task(task, false);
			addWait(b, task, f.t_ns, false);
			addHold(b, task, f.t_ns, false);
		}
		/* whoever blocks, where nobody said which lock it holds */
		if (f.root && !f.root.holds && f.locks?.length)
			b.edge(b.lock(f.locks[0], false), b.task(f.root, false), "leads to", { style: "unsure" });
		for (const lock of f.locks ?? [])
			b.lock(lock, false);
	}
	return { ...b.graph(), left_out: all.length - tasks.length };
}

/* Those that a deadlock is about come first, then whoever waits longest. */
export function ofRead(data) {
	const g = data.raw.graph, b = new Builder(data);
	const dead = new Set(data.findings.filter(f => f.state === "open" && f.kind === "deadlock")
		.flatMap(f => f.members.map(taskKey)));
	const order = [...g.tasks].sort((x, y) => dead.has(taskKey(y)) - dead.has(taskKey(x)));
	const shown = new Set(order.filter(t => t.wait || t.holds.length).slice(0, 2 * MAX_TASKS));

	for (const task of shown) {
		const isDead = dead.has(taskKey(task));

		b.task(task, isDead);
		if (task.wait)
			b.edge(b.task(task, isDead), b.lock(task.wait, isDead),
				waitText(task.wait, g.t_ns, task.wait.spin), { dead: isDead });
	}
	for (const task of shown)
		for (const hold of task.holds)
			if (b.nodes.has(`l${lockKey(hold)}`))
				b.edge(b.lock(hold, false), b.task(task, false), holdText(hold, g.t_ns), {
					dead: dead.has(taskKey(task)) && b.nodes.get(`l${lockKey(hold)}`).dead,
					style: hold.certainty === "certain" ? "" : "unsure" });
	for (const [waiter, ahead] of g.queue)
		if (shown.has(g.tasks[waiter]) && shown.has(g.tasks[ahead]))
			b.edge(b.task(g.tasks[waiter]), b.task(g.tasks[ahead]), "queued behind", { style: "queue" });
	return { ...b.graph(), left_out: g.all_tasks - shown.size };
}
