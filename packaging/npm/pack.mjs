// Packs the launcher, and a package for each binary: node packaging/npm/pack.mjs OUT x64=BINARY arm64=BINARY
// Architectures are called as Node calls them. The version is the workspace's.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [out, ...given] = process.argv.slice(2);
const binaries = given.map((pair) => /^(x64|arm64)=(.+)$/.exec(pair)?.slice(1));
if (!out || binaries.length === 0 || binaries.includes(undefined)) {
  console.error("usage: node packaging/npm/pack.mjs OUT x64=BINARY arm64=BINARY");
  process.exit(2);
}
const here = import.meta.dirname;
const root = resolve(here, "../..");
const manifest = readFileSync(join(root, "Cargo.toml"), "utf8");
const version = /\[workspace\.package\]\s+version = "([^"]+)"/.exec(manifest)?.[1];
if (!version) throw new Error("Cargo.toml names no version of the workspace");

const launcher = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
launcher.version = version;
const forPlatform = (architecture) => ({
  name: `${launcher.name}-linux-${architecture}`,
  version,
  description: `The selfsame command for Linux on ${architecture}`,
  license: launcher.license,
  os: ["linux"],
  cpu: [architecture],
  libc: ["glibc"],
  files: ["bin", "LICENSE"],
});
// Only what is packed here: npm would look for any other name at strangers.
launcher.optionalDependencies = Object.fromEntries(binaries.map(([architecture]) => [forPlatform(architecture).name, version]));

const work = mkdtempSync(join(tmpdir(), "selfsame-npm-"));
try {
  const pack = (description, fill) => {
    const folder = join(work, description.name.replace("/", "-"));
    mkdirSync(join(folder, "bin"), { recursive: true });
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
    copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
    fill(folder);
    execFileSync("npm", ["pack", "--silent", "--pack-destination", resolve(out), folder], { stdio: ["ignore", "inherit", "inherit"] });
  };
  pack(launcher, (folder) => {
    cpSync(join(here, "bin"), join(folder, "bin"), { recursive: true });
    copyFileSync(join(here, "README.md"), join(folder, "README.md"));
  });
  for (const [architecture, binary] of binaries) {
    pack(forPlatform(architecture), (folder) => {
      copyFileSync(binary, join(folder, "bin", "selfsame"));
      chmodSync(join(folder, "bin", "selfsame"), 0o755);
    });
  }
} finally {
  rmSync(work, { recursive: true });
}
