// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Elements.  What comes from a trace becomes a text node or an attribute's value,
 * never markup: this is the one place that makes either.
 */
const SVG = "http://www.w3.org/2000/svg";

function fill(el, attrs, children) {
	for (const [name, value] of Object.entries(attrs ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith("on"))
			el.addEventListener(name.slice(2), value);
		else
			el.setAttribute(name, value === true ? "" : String(value));
	}
	append(el, children);
	return el;
}

export function append(el, children) {
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined && child !== false)
			el.append(child instanceof Node ? child : String(child));
}

/* h("a", { href: "#x" }, "text", otherElement, [more], null) */
export function h(tag, attrs, ...children) {
	return fill(document.createElement(tag), attrs, children);
}

export function svg(tag, attrs, ...children) {
	return fill(document.createElementNS(SVG, tag), attrs, children);
}

export function replace(el, ...children) {
	el.replaceChildren();
	append(el, children);
}

/* A part of the page with its heading; note stands beside it. */
export function section(id, title, note, ...children) {
	return h("section", { id, "aria-labelledby": `${id}-title` },
		h("div", { class: "head" },
			h("h2", { id: `${id}-title` }, title),
			note && h("p", { class: "note" }, note)),
		children);
}

export function empty(text) {
	return h("p", { class: "empty" }, text);
}
