// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* open.mjs PAGE ROUNDS: the ms that the page takes from navigation until it is drawn. */
import { launch, visit, window } from "./driver.mjs";

const [file, rounds] = process.argv.slice(2);
const browser = await launch();

for (let i = 0; i < Number(rounds); i++) {
	const page = await window(browser);

	await visit(page, file);
	console.log(await page.evaluate(() => new Promise(done =>
		requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))));
	await page.context().close();
}
await browser.close();
