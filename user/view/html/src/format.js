// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Durations, counts and moments, as the text output has them. */
const YEARS = 10 * 365 * 86400e9;

function trim(value) {
	return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function duration(ns) {
	if (ns === null || ns === undefined)
		return "?";
	if (ns > YEARS)
		return "> 10 y";
	if (ns < 1e3)
		return `${Math.round(ns)} ns`;
	if (ns < 1e6)
		return `${trim(ns / 1e3)} µs`;
	if (ns < 1e9)
		return `${trim(ns / 1e6)} ms`;
	if (ns < 60e9)
		return `${trim(ns / 1e9)} s`;
	const s = Math.floor(ns / 1e9);
	const two = n => String(n).padStart(2, "0");
	if (s < 3600)
		return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${two(Math.floor(s % 3600 / 60))} min`;
	return `${Math.floor(s / 86400)} d ${two(Math.floor(s % 86400 / 3600))} h`;
}

export function count(n) {
	if (n === null || n === undefined)
		return "?";
	return n < 1e6 ? n.toLocaleString("en").replaceAll(",", "\u202f")
		: n < 1e9 ? `${(n / 1e6).toFixed(2)} M` : `${(n / 1e9).toFixed(2)} G`;
}

export function plural(n, one, many = one + "s") {
	return `${count(n)} ${n === 1 ? one : many}`;
}

export function share(part, whole) {
	return whole > 0 ? `${(100 * part / whole).toFixed(part * 10 < whole ? 1 : 0)} %` : "";
}

/* When, by the capture's clock. */
export function moment(ns) {
	return ns === null || ns === undefined ? "?" : `${ns < 0 ? "−" : "+"}${(Math.abs(ns) / 1e9).toFixed(3)} s`;
}

export function utc(rfc3339) {
	return rfc3339 ? rfc3339.replace("T", " ").replace(/\.\d+Z$|Z$/, " UTC") : null;
}
