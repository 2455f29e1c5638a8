// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What a user of the page relies on. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { finish, golden, launch, report, test, visit, window } from "./driver.mjs";

const { GOLDEN, WORK } = process.env;
const REFUSED = new Set(["empty", "future"]);
const HOSTILE = "</script><img src=x onerror=alert(1)>";
const browser = await launch();
const page = await window(browser);
let shown = null;	/* the file in that window */

/* Shows a file, afresh where the test before left another one or an address asks for
 * it, and runs the test; the page must stay quiet. */
function onPage(name, file, run, hash = "") {
	return test(name, async () => {
		if (shown !== file || hash)
			await visit(page, file, hash);
		shown = file;
		await run();
		assert.deepEqual(page.faults, []);
	});
}

/* A window of its own, for what changes it. */
function inWindow(name, file, options, run) {
	return test(name, async () => {
		const own = await window(browser, options);

		await visit(own, file);
		await run(own);
		assert.deepEqual(own.faults, []);
		await own.context().close();
	});
}

const text = selector => page.locator(selector).first().innerText();
const rows = (id, column) => page.locator(`#${id} tbody tr td:nth-child(${column})`).allInnerTexts();

for (const name of readdirSync(GOLDEN).map(f => basename(f, ".ndjson")).sort()) {
	if (REFUSED.has(name))
		continue;
	await onPage(`${name} opens, loads nothing else and complains of nothing`, report(golden(name), name), async () => {
		assert.match(await text("#verdict h1"), /\S/);
		assert.equal(await page.locator("#locks h2").count(), 1);
	});
}

const deadlock = join(WORK, "mutex-behind.html");

await onPage("the verdict comes first: a deadlock, how sure, and who", deadlock, async () => {
	assert.equal(await text("main > :first-child h1"), "Deadlock");
	assert.match(await text("#verdict .line"), /mover\/201 → syncer\/202 → mover\/201.*certain/s);
	assert.match(await text(".finding.deadlock .evidence"), /owner word of 0xffff888100000080 read twice/);
	assert.match(await text(".finding.deadlock .people"), /ext4_rename\+0x19c/);
});

await onPage("a finding's picture has its tasks and locks, and the cycle in it", deadlock, async () => {
	const graph = page.locator(".finding.deadlock .graph").first();

	assert.equal(await graph.locator("a.task").count(), 4);
	assert.equal(await graph.locator("a.task.dead").count(), 2);
	assert.equal(await graph.locator("a.lock").count(), 3);
	assert.equal(await graph.locator(".edge.dead").count(), 4);
});

await onPage("a node leads to its task, and from there to the lock and its stack", deadlock, async () => {
	await page.locator(".finding.deadlock .graph a.task").filter({ hasText: "mover/201" }).click();
	assert.match(await text("#panel"), /mover\/201[\s\S]*waits[\s\S]*quota_mutex/);
	await page.locator("#panel").getByRole("link", { name: "quota_mutex" }).first().click();
	await page.locator("#panel h2", { hasText: "quota_mutex" }).waitFor();
	await page.goBack();
	await page.locator("#panel h2", { hasText: "mover/201" }).waitFor();
	await page.locator("#panel").getByRole("link", { name: "whole stack" }).click();
	await page.locator("#panel .stack.whole .caller", { hasText: "ext4_rename" }).waitFor();
	await page.keyboard.press("Escape");
	await page.locator("#panel").waitFor({ state: "hidden" });
});

await onPage("nodes are reached and followed by the keyboard", deadlock, async () => {
	await page.locator(".finding.deadlock .graph a.lock").first().focus();
	await page.keyboard.press("Enter");
	await page.locator("#panel h2").waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.tagName), "H2");
});

await onPage("an address opens what it names", deadlock, async () => {
	await page.locator("#panel h2", { hasText: "quota_mutex" }).waitFor();
}, "#lock=mutex@0xffff888100000080");

await onPage("search finds a lock, a task and a function", deadlock, async () => {
	for (const [term, result, title] of [["quota_mu", "quota_mutex", "quota_mutex"], ["syncer", "syncer/202", "syncer/202"],
		["ext4_ren", "ext4_rename", "ext4_rename"]]) {
		await page.keyboard.press("/");
		await page.locator("#search").fill(term);
		await page.locator("#results a", { hasText: result }).first().waitFor();
		await page.locator("#results a", { hasText: result }).last().click();
		await page.locator("#panel h2", { hasText: title }).waitFor();
	}
	await page.locator("#search").fill("no such thing");
	await page.locator("#results", { hasText: "Nothing of that name" }).waitFor();
});

const big = report(join(WORK, "big.ndjson"), "big");
const made = readFileSync(join(WORK, "big.ndjson"), "utf8").split("\n").filter(Boolean);
const waits = made.filter(line => line.startsWith('{"type":"wait",')).length;

await onPage("100,000 records open, and every wait is counted", big, async () => {
	const shown = (await text("#verdict .facts div:has(dt:text('waits ended')) dd")).replace(/\D.*/s, "");
	const all = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent));

	assert.ok(made.length > 95000 && made.length < 105000, `${made.length} records`);
	assert.ok(shown.length > 0);
	assert.equal(all.totals.waits, waits);
	assert.equal(all.time.waits, waits + 2, "two more go on");
	assert.equal(all.time.ended.reduce((a, b) => a + b), waits);
	assert.equal(all.about.records, made.length - 1);
});

await onPage("tables sort by any column, both ways, and filter", big, async () => {
	const total = page.locator("#locks th", { hasText: "total wait" }), name = page.locator("#locks th", { hasText: /^kind/ });
	const first = await rows("locks", 1);

	assert.equal(await total.getAttribute("aria-sort"), "descending");
	await total.locator("button").click();
	assert.equal(await total.getAttribute("aria-sort"), "ascending");
	assert.notDeepEqual(await rows("locks", 1), first);
	await total.locator("button").click();
	assert.deepEqual(await rows("locks", 1), first);
	await name.locator("button").click();
	assert.equal((await rows("locks", 2))[0], "mutex");
	await page.locator("#locks .filter").fill("rwsem");
	await page.locator("#locks tbody tr").first().waitFor();
	assert.deepEqual([...new Set(await rows("locks", 2))], ["rwsem"]);
	await page.locator("#locks .filter").fill("no such row");
	await page.locator("#locks .more", { hasText: "no row" }).waitFor();
	await page.locator("#locks .filter").fill("");
});

await onPage("a flame frame zooms, tells of itself, and leads on", big, async () => {
	const frame = page.locator("#flame g.frame").filter({ hasText: "__x64_sys_" }).first();
	const width = () => frame.locator("rect").getAttribute("width").then(Number);
	const before = await width();

	await frame.click();
	await page.waitForFunction(([was]) => Number(document.querySelector("#flame g.frame:not(.fade) rect")
		?.getAttribute("width")) > was, [before]);
	assert.match(await text("#flame .info"), /__x64_sys_\w+: .* %/);
	await page.locator("#flame .info a").click();
	await page.locator("#panel h2", { hasText: "__x64_sys_" }).waitFor();
	assert.ok(await page.locator("#panel .bars li").count() > 0);
	await page.keyboard.press("Escape");
	await page.getByRole("button", { name: "reset zoom" }).click();
	assert.equal(await page.locator("#flame g.fade").count(), 0);
	await page.locator("#flame g.frame").nth(3).focus();
	await page.keyboard.press("Enter");
	await page.locator("#flame g.fade").first().waitFor();
});

await onPage("the flame graph of one lock alone is of that lock", big, async () => {
	await page.locator("#locks tbody a").first().click();
	const name = await text("#panel h2 >> nth=0");

	await page.locator("#panel a[data-only]").click();
	await page.locator("#flame .chip").waitFor();
	const leaves = await page.locator("#flame g.frame").evaluateAll(all => all.map(g => g.getAttribute("name"))
		.filter(n => /^(mutex|rwsem|spinlock) /.test(n)));

	assert.deepEqual([...new Set(leaves)], [name]);
});

await onPage("the timeline is drawn, zooms, and has a strip a lock", big, async () => {
	const plot = page.locator("#timeline .u-over"), box = await plot.boundingBox();
	const hash = () => page.locator("#timeline .strip canvas").first().evaluate(c => c.toDataURL().length);
	const before = await hash();

	assert.equal(await page.locator("#timeline .strip").count(), 12);
	assert.ok(before > 200, "something is drawn");
	await plot.scrollIntoViewIfNeeded();
	const at = await plot.boundingBox();

	await page.mouse.move(at.x + at.width * 0.4, at.y + 50);
	await page.mouse.down();
	await page.mouse.move(at.x + at.width * 0.5, at.y + 50, { steps: 4 });
	await page.mouse.up();
	await page.waitForFunction(was => document.querySelector("#timeline .strip canvas").toDataURL().length !== was, before);
	assert.ok(box.width > 300);
});

writeFileSync(join(WORK, "img.ndjson"), readFileSync(golden("mutex-behind"), "utf8").replaceAll('"comm":"reader"',
	`"comm":${JSON.stringify(HOSTILE)}`).replaceAll("quota_sync", HOSTILE.replaceAll('"', "'")));
for (const [name, file] of [["img", report(join(WORK, "img.ndjson"), "img")], ["golden", join(WORK, "hostile-names.html")]])
	await onPage(`hostile names stay text (${name})`, file, async () => {
		assert.equal(await page.locator("img, iframe, object, embed, link").count(), 0);
		assert.equal(await page.locator("script").count(), 2);
		if (name === "img") {
			assert.ok((await page.locator("main").innerText()).includes(HOSTILE));
			await page.keyboard.press("/");
			await page.locator("#search").fill("onerror");
			await page.locator("#results a", { hasText: /^task/ }).first().click();
			await page.locator("#panel h2", { hasText: HOSTILE }).waitFor();
		} else {
			assert.ok((await page.locator("main").innerText()).includes("</script><script>alert(1)"));
		}
	});

let asked = 0;
const server = createServer((_, answer) => {
	asked++;
	answer.end();
});

await new Promise(done => server.listen(0, "127.0.0.1", done));
await test("what is no part of the page may not run, and nothing is loaded from anywhere", async () => {
	await visit(page, deadlock);
	shown = null;
	const ran = await page.evaluate(async url => {
		const add = (tag, more) => document.body.append(Object.assign(document.createElement(tag), more));

		add("script", { textContent: "window.ran = 'script'" });
		add("script", { src: `${url}/x.js` });
		add("style", { textContent: "body { display: none }" });
		add("img", { src: `${url}/x.png` });
		document.body.insertAdjacentHTML("beforeend", "<b onclick=\"window.ran = 'handler'\" id=b>b</b>");
		document.getElementById("b").click();
		return [window.ran, getComputedStyle(document.body).display, await fetch(url).then(() => "fetched", () => null)];
	}, `http://127.0.0.1:${server.address().port}`);

	assert.deepEqual(ran, [undefined, "block", null]);
	assert.equal(asked, 0);
});
server.close();

/* WCAG's contrast of two colours as the browser gives them. */
function contrast(a, b) {
	const light = color => color.match(/[\d.]+/g).slice(0, 3).map(Number).map(v => v / 255)
		.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const [x, y] = [light(a), light(b)].sort((p, q) => q - p);

	return (x + 0.05) / (y + 0.05);
}

const PAIRS = [["--text", "--card"], ["--text", "--ground"], ["--dim", "--card"], ["--dim", "--ground"], ["--link", "--card"],
	["--link", "--ground"], ["--bad", "--bad-soft"], ["--warn", "--warn-soft"], ["--good", "--good-soft"], ["--bad", "--card"],
	["--text", "--task"], ["--text", "--lock"], ["--text", "--bad-soft"], ["--text", "--warn-soft"], ["--dim", "--bad-soft"]];

const colors = own => own.evaluate(pairs => pairs.map(pair => pair.map(name => {
	const probe = document.createElement("i");

	probe.style.color = `var(${name})`;
	document.body.append(probe);
	const { color } = getComputedStyle(probe);

	probe.remove();
	return color;
})), PAIRS);

for (const colorScheme of ["light", "dark"])
	await inWindow(`the ${colorScheme} scheme is the system's, can be read, and can be left`, deadlock, { colorScheme }, async own => {
		const ground = () => own.evaluate(() => getComputedStyle(document.body).backgroundColor);
		const before = await ground();

		(await colors(own)).forEach(([a, b], i) => assert.ok(contrast(a, b) >= 4.5, `${PAIRS[i]}: ${contrast(a, b).toFixed(2)}`));
		assert.equal(contrast(before, "rgb(0,0,0)") > 10, colorScheme === "light");
		await own.locator("#theme").click();
		assert.notEqual(await ground(), before);
	});

await inWindow("a narrow window needs no sideways scrolling", deadlock, { viewport: { width: 390, height: 800 } }, async own => {
	assert.ok(await own.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

await browser.close();
process.exit(finish());
