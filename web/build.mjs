/**
 * Makes the page's files: `node web/build.mjs [folder]`, after `npm ci --prefix web`.
 *
 * Without a folder they go where the server takes them from. The same sources and lock file give the same bytes.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = resolve(process.argv[2] ?? join(HERE, "..", "calendar_server", "web", "static"));
const COPIED = ["index.html", "icon.svg"];

/** @returns {Promise<string[]>} what went into the bundle, relative to this folder */
async function bundle() {
  const { metafile } = await build({
    absWorkingDir: HERE,
    entryPoints: { page: "src/main.js" },
    outdir: TARGET,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox121", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return Object.keys(metafile.inputs);
}

/** @param {string[]} inputs @returns {Promise<{name: string, version: string, licence: string, text: string}[]>} */
async function libraries(inputs) {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== null));
  const found = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(HERE, folder, "package.json"), "utf8"));
    found.push({ name, version, licence: license, text: await licenceText(join(HERE, folder)) });
  }
  return found;
}

/** @param {string} input @returns {string | null} */
function packageFolder(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input.split(sep).join("/"))?.[0] ?? null;
}

/** @param {string} folder */
async function licenceText(folder) {
  const name = (await readdir(folder)).sort().find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
  if (name !== undefined) return (await readFile(join(folder, name), "utf8")).trim();
  throw new Error(`No licence file in ${relative(HERE, folder)}`);
}

/** @param {string} content */
const sha256 = (content) => createHash("sha256").update(content).digest("hex");

await rm(TARGET, { recursive: true, force: true });
await mkdir(TARGET, { recursive: true });
const used = await libraries(await bundle());
for (const name of COPIED) await copyFile(join(HERE, "src", name), join(TARGET, name));
const licences = used.map(({ name, version, licence, text }) => `${name} ${version} (${licence})\n\n${text}\n`);
await writeFile(join(TARGET, "third-party-licences.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
const manifest = {
  libraries: used.map(({ name, version, licence, text }) => ({ name, version, licence, licence_sha256: sha256(text) })),
  files: /** @type {Record<string, string>} */ ({}),
};
for (const name of ["index.html", "icon.svg", "page.js", "page.css", "third-party-licences.txt"]) {
  manifest.files[name] = sha256(await readFile(join(TARGET, name)));
}
await writeFile(join(TARGET, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
