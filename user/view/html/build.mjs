// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * build.mjs - bundles src/ and the libraries into template.html, the same bytes each
 * time.  usage: npm ci && node build.mjs [OUT]
 *
 * The program puts its data where the mark is.  The page may run this one script and
 * this one style sheet, told by their hashes, and load nothing.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "template.html");

const packages = new Set();	/* of which something is in the bundle */

/* styles: what becomes of a style sheet that a library imports; src/style.css has what
 * is wanted of them. */
async function bundle(entry, styles) {
	const made = await build({
		entryPoints: [join(here, "src", entry)],
		absWorkingDir: here,
		bundle: true,
		loader: { ".css": styles },
		write: false,
		metafile: true,
		minify: true,
		charset: "ascii",
		format: "iife",
		target: "es2022",
		legalComments: "none",
		logLevel: "warning",
	});
	for (const { inputs } of Object.values(made.metafile.outputs))
		for (const [path, { bytesInOutput }] of Object.entries(inputs))
			if (bytesInOutput > 0 && path.startsWith("node_modules/"))
				packages.add(/^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)[1]);
	return made.outputFiles[0].text.trim();
}

function hash(text) {
	return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/* Every licence as text, in a comment: a copy of the page is a copy of the libraries. */
async function notice() {
	const texts = new Map();

	for (const name of [...packages].sort()) {
		const dir = join(here, "node_modules", name);
		const { version, license } = JSON.parse(await readFile(join(dir, "package.json"), "utf8"));
		const text = (await readFile(join(dir, "LICENSE"), "utf8")).trim();

		texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
	}
	return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n----\n\n");
}

/* A comment ends at the first "--" and ">". */
function comment(text) {
	return `<!--\n${text.replaceAll("--", "- -")}\n-->`;
}

const script = await bundle("main.js", "empty");
const style = await bundle("style.css", "css");
const shell = await readFile(join(here, "src/page.html"), "utf8");

if (script.includes("</script") || script.includes("<!--") || style.includes("</style"))
	throw new Error("the bundle would end its own element");
const parts = {
	POLICY: `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; `
		+ "base-uri 'none'; form-action 'none'",
	STYLE: style,
	SCRIPT: script,
	NOTICE: comment("This page contains, besides lockscope itself:\n\n" + await notice()),
};
await writeFile(out, shell.replace(/@@([A-Z]+)@@/g, (_, name) => parts[name]));
