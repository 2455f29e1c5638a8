// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Puts the page together, and follows the address. */
import { h, replace } from "./dom.js";
import { load } from "./data.js";
import { findingsSection, readSection } from "./findings.js";
import { Flame } from "./flame.js";
import { where } from "./links.js";
import { show } from "./panel.js";
import { search } from "./search.js";
import { callersSection, locksSection, sitesSection, tasksSection, waitsSection } from "./tables.js";
import { Timeline } from "./timeline.js";
import { origin, verdictSection } from "./verdict.js";

function scheme() {
	const root = document.documentElement;

	return root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function themeButton(changed) {
	const text = () => scheme() === "dark" ? "Light" : "Dark";
	const button = h("button", { type: "button", id: "theme", onclick: () => {
		document.documentElement.dataset.theme = scheme() === "dark" ? "light" : "dark";
		button.textContent = text();
		changed();
	} }, text());

	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
		button.textContent = text();
		changed();
	});
	return button;
}

function navigation(sections) {
	return h("nav", { "aria-label": "Parts of the page" }, sections.map(s =>
		h("a", { href: `#${s.id}` }, s.querySelector("h2")?.textContent)));
}

function start() {
	const data = load(), main = document.getElementById("main");
	const flame = new Flame(data), timeline = new Timeline(data);
	const room = () => main.clientWidth - 80;
	const sections = [findingsSection(data, room), readSection(data, room), timeline.el, flame.el, locksSection(data),
		callersSection(data), tasksSection(data), sitesSection(data), waitsSection(data)].filter(Boolean);
	const follow = () => {
		const at = where();

		if (at?.kind === "finding") {
			const card = document.getElementById(`finding-${at.id}`);

			if (card) {
				for (let around = card.parentElement; around; around = around.parentElement) {
					around.hidden = false;
					if (around.tagName === "DETAILS")
						around.open = true;
				}
				card.open = true;
				card.scrollIntoView({ block: "start" });
				card.firstChild.focus({ preventScroll: true });
			}
			return;
		}
		show(data, at, () => { location.hash = "#verdict"; });
	};

	document.title = `lockscope: ${data.about.host || data.about.file || "report"}`;
	replace(document.getElementById("bar"),
		h("div", { class: "top" }, h("strong", { class: "brand" }, "lockscope"),
			h("span", { class: "origin" }, origin(data).map(text => h("span", null, text))),
			search(data, term => flame.search(term)),
			themeButton(() => {
				timeline.draw();
				flame.draw();
			})),
		navigation(sections));
	replace(main, verdictSection(data), sections);
	timeline.draw();
	flame.draw();
	follow();

	let timer = 0, width = main.clientWidth;
	addEventListener("hashchange", follow);
	addEventListener("resize", () => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			if (main.clientWidth === width)
				return;
			width = main.clientWidth;
			timeline.draw();
			flame.draw();
		}, 150);
	});
	addEventListener("click", e => {
		const only = e.target.closest?.("[data-only]");

		if (only)
			flame.only(data.byKey.get(only.dataset.only));
	});
	addEventListener("keydown", e => {
		if (e.key === "Escape" && !document.getElementById("panel").hidden)
			location.hash = "#verdict";
	});
	document.documentElement.dataset.ready = "yes";
}

start();
