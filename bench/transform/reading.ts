// One process that reads a generated project and prints, as JSON, how many seconds it took: at first, again with nothing
// changed, and after a change of one model up to that model's SQL. With a second argument, a file,
// only the first of these, which is kept in it or taken from it.
//
//   node --conditions=@millrace/source bench/transform/reading.ts <folder>

import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { explainTransform, readTransformProject, type TransformProject } from '../../src/transform/index.ts';
import { nameOf } from './generator.ts';

const [folder = '.', cacheFile] = process.argv.slice(2);
const changed = 12;

async function timed<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly value: T }> {
  const started = performance.now();
  const value = await work();
  return { seconds: (performance.now() - started) / 1000, value };
}

function read(): Promise<TransformProject> {
  return readTransformProject({
    projectFolder: folder,
    folder: join(folder, 'transform'),
    connection: 'WAREHOUSE',
    dialectName: 'duckdb',
    database: 'warehouse',
    schema: 'main',
    environment: {},
    ...(cacheFile === undefined ? {} : { cacheFile }),
  });
}

const first = await timed(read);
const figures = cacheFile === undefined ? await further() : {};
process.stdout.write(
  JSON.stringify({
    nodes: first.value.nodes.length,
    firstSeconds: first.seconds,
    ...figures,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  }),
);

async function further(): Promise<{ readonly againSeconds: number; readonly changeSeconds: number }> {
  const again = await timed(read);
  await appendFile(join(folder, 'transform', 'models', 'area_0', `${nameOf(changed)}.sql`), '-- changed\n');
  const afterChange = await timed(async () => explainTransform(await read(), nameOf(changed)));
  return { againSeconds: again.seconds, changeSeconds: afterChange.seconds };
}
