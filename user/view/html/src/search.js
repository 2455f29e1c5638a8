// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Search over everything that has a name: locks, tasks, functions, findings. */
import { h, replace } from "./dom.js";
import { lockLabel, taskLabel } from "./data.js";
import { to } from "./links.js";

const EACH = 8;

/* [{ what, text, href, key }], each key in lower case. */
function index(data) {
	const names = new Set();

	for (const stack of data.stacks.values())
		stack.frames.forEach(f => names.add(f.name));
	return [
		...data.findings.map(f => ({ what: "finding", text: f.summary, href: to("finding", f.id),
			key: `${f.kind.replaceAll("_", " ")} ${f.kind} #${f.id} ${f.summary}` })),
		...data.locks.map(l => ({ what: l.kind, text: lockLabel(l), href: to("lock", l.key), key: `${l.kind} ${l.name ?? ""} ${l.id} ${l.object ?? ""}` })),
		...[...data.tasks.values()].map(t => ({ what: "task", text: taskLabel(t.who), href: to("task", t.key),
			key: `${taskLabel(t.who)} pid ${t.who.pid}` })),
		...[...names].map(n => ({ what: "function", text: n, href: to("fn", n), key: n })),
	].map(item => ({ ...item, key: item.key.toLowerCase() }));
}

function hits(items, text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean), found = new Map();

	for (const item of items) {
		if (!words.every(w => item.key.includes(w)))
			continue;
		const group = ["finding", "task", "function"].includes(item.what) ? item.what : "lock";
		const list = found.get(group) ?? { items: [], more: 0 };

		if (list.items.length < EACH)
			list.items.push(item);
		else
			list.more++;
		found.set(group, list);
	}
	return found;
}

export function search(data, onTerm) {
	let items = null, timer = 0;
	const results = h("div", { id: "results", class: "results", hidden: true });
	const input = h("input", { type: "search", id: "search", placeholder: "search lock, task, function   /",
		"aria-label": "Search", "aria-controls": "results", autocomplete: "off", spellcheck: "false" });
	const close = () => { results.hidden = true; };
	const update = () => {
		const text = input.value.trim();

		onTerm(text);
		if (!text)
			return close();
		items ??= index(data);
		const found = hits(items, text);

		replace(results, found.size ? [...found].map(([group, { items: list, more }]) => [
			h("h3", null, `${group}s`),
			list.map(i => h("a", { href: i.href, onclick: close }, h("span", { class: "kind" }, i.what), " ", i.text)),
			more > 0 && h("p", { class: "dim" }, `${more} more`)]) : h("p", { class: "dim" }, "Nothing of that name."));
		results.hidden = false;
	};

	input.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(update, 80);
	});
	input.addEventListener("focus", () => input.value.trim() && update());
	const box = h("div", { class: "search", role: "search", onkeydown: e => {
		const links = [...results.querySelectorAll("a")], at = links.indexOf(document.activeElement);

		if (e.key === "Escape") {
			close();
			input.blur();
		} else if (e.key === "Enter" && at < 0 && links.length) {
			links[0].click();
		} else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			e.preventDefault();
			(links[at + (e.key === "ArrowDown" ? 1 : -1)] ?? input).focus();
		}
	}, onfocusout: e => !box.contains(e.relatedTarget) && close() }, input, results);

	addEventListener("keydown", e => {
		if (e.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName)) {
			e.preventDefault();
			input.focus();
		}
	});
	return box;
}
