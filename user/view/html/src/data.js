// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The data of the page, indexed: locks, tasks, stacks and what leads from one to the
 * other.  The program wrote it; see user/view/html*.c for each row's members.
 */
function frameText([sym, off, module, addr, , line]) {
	if (!sym)
		return addr;
	return `${sym}+0x${off.toString(16)}${module ? ` [${module}]` : ""}${line ? ` ${line}` : ""}`;
}

function readFrames(rows) {
	return rows.map(row => ({
		name: row[0] ?? row[3], module: row[2], entry: row[4], text: frameText(row),
	}));
}

function readStacks(raw) {
	const frames = readFrames(raw.frames);

	return new Map(raw.stacks.map(([id, caller, list]) => [id, {
		id, caller: Math.min(caller, Math.max(list.length - 1, 0)), frames: list.map(i => frames[i]),
	}]));
}

function readWays(raw) {
	return raw.ways.rows.map(([lock, stack, mode, spin, count, ns, max, guessed, guessedNs]) =>
		({ lock, stack, mode, spin, count, ns, max, guessed, guessedNs }));
}

function readLongest(raw) {
	return (raw.time?.longest ?? []).map(([lock, tid, start_time, comm, mode, spin, since, till, ns,
		stack, owner, ownerStack, result, atLeast, open]) => ({ lock, tid, start_time, comm, mode,
		spin, since, till, ns, stack, owner, ownerStack, result, atLeast, open }));
}

export function taskKey(who) {
	return `${who.tid}.${who.start_time}`;
}

/* Two locks can lie at one address, of different kinds. */
export function lockKey(lock) {
	return `${lock.kind}@${lock.lock}`;
}

export class Data {
	constructor(raw) {
		this.raw = raw;
		this.about = raw.about;
		this.findings = raw.findings;
		this.locks = [];
		this.byKey = new Map();
		this.tasks = new Map();
		this.byTid = new Map();
		for (const lock of raw.locks)
			this.addLock(lock);
		this.stacks = readStacks(raw);
		this.ways = readWays(raw);
		this.longest = readLongest(raw);
		for (const [who, count, ns, max, spin] of raw.time?.tasks ?? [])
			this.addTask(who).stat = { count, ns, max, spin };
		this.readGraph();
		this.findings.forEach(f => this.readFinding(f));
		for (const wait of this.longest)
			this.addTask(wait).waits.push(wait);
	}

	addLock(lock) {
		const key = lockKey(lock);
		let known = this.byKey.get(key);

		if (!known) {
			known = { index: this.locks.length, key, id: lock.lock ?? "?", kind: lock.kind, name: null,
				guess: false, object: null, findings: new Set(), seen: null, row: null };
			this.locks.push(known);
			this.byKey.set(key, known);
		}
		if (lock.name) {
			known.name = lock.name;
			known.guess = !!lock.name_guess;
			known.object = lock.object ?? null;
		}
		return known;
	}

	addTask(who) {
		const key = taskKey(who);
		let known = this.tasks.get(key);

		if (!known) {
			known = { key, who, findings: new Set(), seen: null, stat: null, waits: [] };
			this.tasks.set(key, known);
			this.byTid.set(who.tid, known);
		}
		return known;
	}

	readGraph() {
		for (const task of this.raw.graph?.tasks ?? []) {
			this.addTask(task).seen = task;
			if (task.wait)
				this.addLock(task.wait);
			task.holds.forEach(hold => this.addLock(hold));
		}
		for (const lock of this.raw.graph?.locks ?? [])
			this.addLock(lock).seen = lock;
	}

	readFinding(f) {
		for (const lock of f.locks ?? [])
			this.addLock(lock).findings.add(f);
		for (const task of tasksOf(f)) {
			this.addTask(task).findings.add(f);
			for (const lock of [task.waits_for, task.holds])
				if (lock)
					this.addLock(lock).findings.add(f);
		}
	}

	/* The stack from the caller of the lock function on; of it the entry code too if asked. */
	callers(id, entries = false) {
		const stack = this.stacks.get(id);

		return stack ? stack.frames.slice(stack.caller).filter(f => entries || !f.entry) : [];
	}

	callerOf(id) {
		const stack = this.stacks.get(id);

		return stack?.frames[stack.caller] ?? null;
	}
}

/* Everyone a finding tells of, some of them more than once. */
export function tasksOf(f) {
	return [...(f.cycle ?? []), ...(f.members ?? []), ...(f.behind ?? []), ...(f.tasks ?? []),
		...(f.root ? [f.root] : [])];
}

export function lockLabel(lock) {
	return lock.name ? lock.name + (lock.guess ? "?" : "") : lock.id;
}

export function taskLabel(who) {
	return `${who.comm || "?"}/${who.tid}`;
}

export function load() {
	return new Data(JSON.parse(document.getElementById("data").textContent));
}
