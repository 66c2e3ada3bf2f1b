// `npm run tailwind` writes the stylesheet, as Tailwind's own command does for a project; its
// compiler is enough for these few templates, and has no parts that are built for each system.
// `--check` says whether the stylesheet is the one that would be written.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "tailwindcss";

const here = fileURLToPath(new URL(".", import.meta.url));
const written = join(here, "static/recipe/tailwind.css");
const require = createRequire(import.meta.url);

const compiler = await compile(readFileSync(join(here, "look.css"), "utf8"), {
  base: here,
  async loadStylesheet(id, base) {
    const path = require.resolve(id === "tailwindcss" ? "tailwindcss/index.css" : id);
    return { path, base, content: readFileSync(path, "utf8") };
  },
});
const templates = readdirSync(join(here, "templates"), { recursive: true })
  .filter((name) => name.endsWith(".html"))
  .map((name) => readFileSync(join(here, "templates", name), "utf8"));
const words = new Set(templates.join(" ").split(/[\s"'<>=]+/));
const css = compiler.build([...words].sort());

if (!process.argv.includes("--check")) writeFileSync(written, css);
else if (readFileSync(written, "utf8") !== css) {
  console.error("Write the stylesheet anew: npm run tailwind");
  process.exit(1);
}
