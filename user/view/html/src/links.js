// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Links between what the page shows: the part behind # names it. */
import { h } from "./dom.js";
import { lockLabel, taskKey, taskLabel } from "./data.js";

export function to(kind, id) {
	return `#${kind}=${encodeURIComponent(id)}`;
}

/* { kind, id } of the address at hand, or null. */
export function where() {
	const [, kind, id] = /^#(lock|task|stack|fn|finding)=(.+)$/.exec(location.hash) ?? [];

	try {
		return kind ? { kind, id: decodeURIComponent(id) } : null;
	} catch {
		return null;
	}
}

export function lockLink(lock) {
	return h("a", { href: to("lock", lock.key), title: [lock.kind, lock.id, lock.object].filter(Boolean).join(" "), class: "mono" },
		lockLabel(lock));
}

export function taskLink(who) {
	return h("a", { href: to("task", taskKey(who)), class: "task" }, taskLabel(who));
}

export function functionLink(name) {
	return h("a", { href: to("fn", name), class: "mono" }, name);
}

export function findingLink(f) {
	return h("a", { href: to("finding", f.id) }, `${f.kind.replaceAll("_", " ")} #${f.id}`);
}

/* A stack as a list, the caller of the lock function first; all of it behind "whole". */
export function stackList(data, id, max = 8) {
	return frameList(id, id ? data.callers(id) : [], max);
}

/* Of a user stack nothing is known to be the lock's own. */
export function userStack(data, id, max = 16) {
	return id ? [h("p", { class: "dim" }, "user stack"),
		frameList(id, data.stacks.get(id)?.frames ?? [], max)] : null;
}

function frameList(id, frames, max) {
	if (!id)
		return null;

	if (!frames.length)
		return h("p", { class: "dim" }, "stack lost");
	return h("ol", { class: "stack mono" },
		frames.slice(0, max).map(f => h("li", null, h("a", { href: to("fn", f.name) }, f.text))),
		h("li", { class: "dim" }, h("a", { href: to("stack", id) },
			frames.length > max ? `${frames.length - max} more, and the whole stack` : "whole stack")));
}
