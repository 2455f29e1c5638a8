// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A table that sorts by any column, filters by text, and shows so many rows at first.
 *
 * column: { id, title, number, value(row), text(row), cell(row) }; text is what is
 * searched and shown unless there is a cell; value sorts (text does without one).
 */
import { h, replace } from "./dom.js";
import { count } from "./format.js";

const FIRST = 25, MORE = 200;

function compare(column, a, b) {
	if (column.value) {
		const x = column.value(a) ?? -Infinity, y = column.value(b) ?? -Infinity;

		return x < y ? -1 : x > y ? 1 : 0;
	}
	return column.text(a).localeCompare(column.text(b));
}

class Table {
	constructor({ columns, rows, sort, caption, note }) {
		this.columns = columns;
		this.rows = rows;
		this.sort = columns.find(c => c.id === sort) ?? columns[0];
		this.down = true;
		this.limit = FIRST;
		this.words = "";
		this.head = h("tr");
		this.body = h("tbody");
		this.foot = h("div", { class: "more" });
		this.el = h("div", { class: "table" },
			this.tools(caption),
			h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
				h("table", null, h("caption", { class: "hidden" }, caption),
					h("thead", null, this.head), this.body)),
			this.foot, note && h("p", { class: "note" }, note));
		this.update();
	}

	tools(caption) {
		if (this.rows.length <= 8)
			return null;
		return h("input", { type: "search", class: "filter", placeholder: "filter these rows",
			"aria-label": `Filter: ${caption}`, oninput: e => {
				this.words = e.target.value.toLowerCase();
				this.limit = FIRST;
				this.update();
			} });
	}

	header(column) {
		const on = column === this.sort;

		return h("th", { scope: "col", class: column.number ? "number" : null,
			"aria-sort": on ? (this.down ? "descending" : "ascending") : "none" },
			h("button", { type: "button", onclick: () => this.sortBy(column) }, column.title,
				h("span", { "aria-hidden": "true", class: "way" }, on ? (this.down ? " ▾" : " ▴") : "")));
	}

	sortBy(column) {
		this.down = column === this.sort ? !this.down : !!column.number;
		this.sort = column;
		this.update();
		[...this.head.children][this.columns.indexOf(column)].firstChild.focus();
	}

	passing() {
		const words = this.words.split(/\s+/).filter(Boolean);
		const rows = words.length ? this.rows.filter(row => {
			const text = this.columns.map(c => c.text(row)).join(" ").toLowerCase();

			return words.every(w => text.includes(w));
		}) : [...this.rows];

		rows.sort((a, b) => this.down ? compare(this.sort, b, a) : compare(this.sort, a, b));
		return rows;
	}

	update() {
		const rows = this.passing(), left = rows.length - this.limit;

		replace(this.head, this.columns.map(c => this.header(c)));
		replace(this.body, rows.slice(0, this.limit).map(row => h("tr", null, this.columns.map(c =>
			h("td", { class: c.number ? "number" : null }, c.cell ? c.cell(row) : c.text(row))))));
		replace(this.foot,
			!rows.length && "no row passes the filter",
			left > 0 && h("button", { type: "button", onclick: () => {
				this.limit += MORE;
				this.update();
			} }, `show more (${count(left)} left)`));
	}
}

export function table(spec) {
	return new Table(spec).el;
}
