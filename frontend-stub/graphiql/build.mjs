// Bundles the page into platform/web/graphiql: graphiql.js, graphiql.css and the licences of what is in them.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const OUT = "../../platform/web/graphiql";

/** Hash of everything that decides about the build. tests/web/test_pages.py works it out again: a stale build is found. */
function hashOfSources() {
  const files = ["build.mjs", "package-lock.json", ...readdirSync("src").map((name) => `src/${name}`)].sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

/** GraphiQL's style sheet brings 350 KB of Roboto and Fira Code along; the page uses the system's fonts. */
const withoutFonts = {
  name: "without-fonts",
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/@font-face\s*\{[^}]*\}/g, ""),
      loader: "css",
    }));
  },
};

/** The folders of the packages that a file of the bundle came from, e.g. node_modules/react. */
function packagesOf(inputs) {
  const folders = Object.keys(inputs).map((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
  return [...new Set(folders.filter(Boolean))].sort();
}

/** What the packages say of their licences; the same words once, below the names of all who use them. */
function licencesOf(folders) {
  const names = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim() : `${license}, in these words alone`;
    names.set(text, [...(names.get(text) ?? []), `${name} ${version}`]);
  }
  return [...names].map(([text, packages]) => `${packages.join("\n")}\n\n${text}\n`).join(`\n${"-".repeat(80)}\n\n`);
}

const banner = `/* Built by frontend-stub/graphiql from sources ${hashOfSources()}; licences: /assets/graphiql-licences.txt */`;
const { metafile } = await build({
  entryPoints: { graphiql: "src/main.tsx" },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  // The second is how graphql-js is told; without it, it would look for a second copy of itself all the time.
  define: { "process.env.NODE_ENV": '"production"', "globalThis.process": "true" },
  legalComments: "none",
  banner: { js: banner, css: banner },
  plugins: [withoutFonts],
  metafile: true,
  outdir: OUT,
});
writeFileSync(`${OUT}/licences.txt`, licencesOf(packagesOf(metafile.inputs)));
for (const [file, { bytes }] of Object.entries(metafile.outputs)) console.log(`${file}: ${Math.round(bytes / 1024)} KiB`);
