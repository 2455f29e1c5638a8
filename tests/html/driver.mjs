// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the tests of the page share: TAP, reports made, and a browser that tells of all
 * it should not do. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const { LOCKSCOPE, BROWSER, WORK, GOLDEN } = process.env;
const PATIENCE_MS = 30000;
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-quic"];

let number = Number(process.env.DONE ?? 0), failed = 0;

/* One test: passes unless it throws. */
export async function test(name, run) {
	let fault = null;

	try {
		await run();
	} catch (error) {
		fault = error;
	}
	console.log(`${fault ? "not " : ""}ok ${++number} - ${name}`);
	if (fault) {
		failed++;
		console.log(String(fault.stack ?? fault).replace(/^/gm, "# "));
	}
}

export function finish() {
	console.log(`1..${number}`);
	return failed ? 1 : 0;
}

/* Makes the page of a recording; returns its path. */
export function report(recording, name, ...options) {
	const out = join(WORK, `${name}.html`);

	execFileSync(LOCKSCOPE, ["report", "-q", recording, "--html", out, ...options], { stdio: ["ignore", "pipe", "pipe"] });
	return out;
}

export function golden(name) {
	return join(GOLDEN, `${name}.ndjson`);
}

export async function launch() {
	return chromium.launch({ executablePath: BROWSER, args: ARGS, timeout: PATIENCE_MS });
}

/* A window for pages; what goes wrong in one, and each request but for the page itself,
 * is in .faults since the last visit. */
export async function window(browser, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
	const page = await context.newPage();

	context.setDefaultTimeout(PATIENCE_MS);
	page.faults = [];
	page.on("console", m => page.faults.push(`console: ${m.text()}`));
	page.on("pageerror", e => page.faults.push(`error: ${e.stack}`));
	page.on("dialog", d => {
		page.faults.push(`dialog: ${d.message()}`);
		d.dismiss();
	});
	context.on("request", r => r.url() !== page.own && page.faults.push(`request: ${r.url()}`));
	return page;
}

export async function visit(page, file, hash = "") {
	page.own = pathToFileURL(file).href;
	page.faults = [];
	await page.goto("about:blank");
	await page.goto(page.own + hash);
	await page.waitForSelector("html[data-ready=yes]", { state: "attached" });
}
