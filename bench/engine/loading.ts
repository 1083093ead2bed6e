import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePlan } from '../../src/engine/index.ts';
import { readProject } from '../../src/project/reading/read-project.ts';
import { layered, load } from './graphs.ts';

export interface LoadingTimes {
  readonly loadMilliseconds: number;
  readonly planMilliseconds: number;
}

/** Of a graph in memory: what opening a project does once its files were read. */
export function graphTimes(count: number): LoadingTimes {
  const nodes = layered(count);
  const startedAtMs = performance.now();
  const definitions = load(nodes);
  const loadedAtMs = performance.now();
  makePlan(definitions.graph, definitions);
  return { loadMilliseconds: loadedAtMs - startedAtMs, planMilliseconds: performance.now() - loadedAtMs };
}

const assetsInFile = 500;

/** Of a project with `count` assets of code, 500 in a file, that each need three of the file before. */
export async function projectTimes(folder: string, count: number): Promise<LoadingTimes> {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'millrace.config.ts'), `export default { name: 'many' };\n`);
  for (let file = 0; file * assetsInFile < count; file += 1)
    writeFileSync(join(folder, 'assets', `layer${file}.ts`), layerText(file));
  const startedAtMs = performance.now();
  const { graph, manifest } = await readProject(folder, {});
  const loadedAtMs = performance.now();
  makePlan(graph, { manifestHash: manifest.hash });
  return { loadMilliseconds: loadedAtMs - startedAtMs, planMilliseconds: performance.now() - loadedAtMs };
}

function layerText(layer: number): string {
  const before = layer - 1;
  const lines = Array.from({ length: assetsInFile }, (_, index) => {
    const deps =
      before < 0 ? [] : [1, 17, 211].map((step) => `'l${before}/a${(index * step) % assetsInFile}'`);
    const key = `l${layer}/a${index}`;
    return `export const a${index} = defineAsset({ key: '${key}', deps: [${deps.join(', ')}], run: async () => {} });`;
  });
  return `import { defineAsset } from 'millrace';\n${lines.join('\n')}\n`;
}
