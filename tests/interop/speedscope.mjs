// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * speedscope.mjs FILE...: what speedscope's own importer makes of each file, as it
 * exports it: one JSON object a line, {file, profile} or {file, error}.
 *
 * speedscope is an application for a browser; its importer is not to be had without it.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const PATIENCE_MS = 60000;
const app = join(dirname(createRequire(import.meta.url).resolve("speedscope/package.json")), "dist/release/index.html");
const launch = () => chromium.launch({
	executablePath: process.env.BROWSER, timeout: PATIENCE_MS,
	args: ["--headless", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage", "--use-gl=angle",
		"--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking",
		"--disable-component-update", "--disable-sync"],
});
let browser = await launch();

async function read(file) {
	const page = await browser.newPage({ acceptDownloads: true, viewport: { width: 320, height: 200 } });
	const said = [];

	page.setDefaultTimeout(PATIENCE_MS);
	page.on("console", (message) => said.push(message.text()));
	page.on("pageerror", (error) => said.push(String(error)));
	/* an alert is how it refuses a file */
	const refused = new Promise((resolve, reject) => page.on("dialog", async (dialog) => {
		await dialog.dismiss();
		reject(new Error(dialog.message()));
	}));
	/* It may refuse, or the page go away, while nobody waits for either: no reason to die. */
	refused.catch(() => {});
	try {
		await page.goto(pathToFileURL(app).href);
		await page.setInputFiles("#file", file);
		await Promise.race([refused, page.waitForSelector("#file", { state: "detached" })]);
		/* it takes the key once it has drawn, and does not tell when that is */
		let saved = null;
		const download = page.waitForEvent("download").then((d) => saved = d);

		download.catch(() => {});
		while (!saved) {
			await Promise.race([refused, page.keyboard.press("Control+s")]);
			await Promise.race([refused, download, page.waitForTimeout(250)]);
		}
		return JSON.parse(readFileSync(await saved.path(), "utf8"));
	} catch (error) {
		throw new Error(`${error.message}\n${said.join("\n")}`);
	} finally {
		await page.close();
	}
}

/* The exports are on trial here, not the browser: one that dies is started anew, once a file. */
async function read_again_if_lost(file) {
	return read(file).catch(async (error) => {
		if (browser.isConnected() && !error.message.includes("crashed") && !error.message.includes("has been closed"))
			throw error;
		console.error(`${basename(file)}: the browser was lost, once more: ${error.message}`);
		await browser.close().catch(() => {});
		browser = await launch();
		return read(file);
	});
}

for (const file of process.argv.slice(2)) {
	const line = await read_again_if_lost(file).then((profile) => ({ file: basename(file), profile }),
		(error) => ({ file: basename(file), error: error.message }));

	console.log(JSON.stringify(line));
}
await browser.close().catch(() => {});
