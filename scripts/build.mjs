// `npm run build`: bundles src/ into dist/ with its types, and the page into dist/web/, unless all were made from these very sources.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root, run } from './install.mjs';

const sources = [
  'src',
  'web',
  'scripts/build.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];
const dist = join(root, 'dist');
const stamp = '.sources';
/** Packages of many small files that nearly every command reads: they are bundled too. The others stay outside. */
const bundledPackages = ['@duckdb/node-api', 'commander', 'yaml', 'zod'];

const hash = createHash('sha256');
for (const source of sources) addToHash(source);
const wanted = hash.digest('hex');
const present = join(dist, stamp);
if (!existsSync(present) || readFileSync(present, 'utf8') !== wanted) await build();

/** Builds beside and swaps, so that a Millrace that runs from dist/ finds its files all the time. */
async function build() {
  const beside = join(root, `dist.${process.pid}`);
  process.on('exit', () => rmSync(beside, { recursive: true, force: true }));
  run('tsc', ['-p', 'tsconfig.build.json', '--outDir', beside]);
  await bundle(beside);
  run('vite', ['build', 'web', '--outDir', join(beside, 'web'), '--logLevel', 'warn']);
  writeFileSync(join(beside, stamp), wanted);
  rmSync(dist, { recursive: true, force: true });
  renameSync(beside, dist);
}

/** A few dozen files instead of hundreds, which Node finds and reads in half the time. */
async function bundle(folder) {
  const { rolldown } = await import('rolldown');
  const entries = [
    'cli/main',
    'index',
    'connector/index',
    'testing/index',
    'project/execution/isolation/step-process',
    'project/execution/isolation/code-process',
  ];
  const input = Object.fromEntries(entries.map((name) => [name, join(root, 'src', `${name}.ts`)]));
  const isBundled = (id) => bundledPackages.some((name) => id === name || id.startsWith(`${name}/`));
  const external = (id) => /^[^./]/.test(id) && !isBundled(id);
  const build = await rolldown({ input, platform: 'node', external });
  // As deep as the sources: see src/project/settings/package-folder.ts.
  const chunkFileNames = 'project/parts/[name]-[hash].js';
  await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames,
    sourcemap: true,
  });
  for (const name of bundledPackages)
    cpSync(join(root, 'node_modules', name, 'LICENSE'), join(folder, 'licenses', name, 'LICENSE'));
}

function addToHash(path) {
  if (!statSync(join(root, path)).isDirectory()) {
    hash.update(`${path}\n`).update(readFileSync(join(root, path)));
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) {
    if (name !== 'node_modules') addToHash(join(path, name));
  }
}
