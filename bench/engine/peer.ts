import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shape } from './graphs.ts';

export type PeerExecutor = 'in_process' | 'multiprocess';

export interface PeerTime {
  readonly version: string;
  readonly millisecondsPerStep: number;
}

/**
 * A run of assets that do nothing in Dagster, on its own SQLite ledger in `home`. Importing it and building the definitions are not
 * counted. `python` is one that has Dagster.
 */
export function dagsterTime(
  python: string,
  home: string,
  graph: { readonly shape: Shape; readonly executor: PeerExecutor; readonly assets: number },
): PeerTime {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'dagster.yaml'), 'telemetry: {enabled: false}\n');
  const script = join(import.meta.dirname, 'dagster', 'graph.py');
  const printed = execFileSync(python, [script, graph.shape, graph.executor, String(graph.assets)], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, 'dagster'),
    env: { ...process.env, DAGSTER_HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { version, seconds } = JSON.parse(printed) as { readonly version: string; readonly seconds: number };
  return { version, millisecondsPerStep: (seconds * 1000) / graph.assets };
}

/** The same in Millrace, every step in a process of its own; from the start of the run to its end. */
export function isolatedMillisecondsPerStep(
  main: string,
  project: string,
  { shape, assets }: { readonly shape: Shape; readonly assets: number },
): number {
  mkdirSync(join(project, 'assets'), { recursive: true });
  writeFileSync(
    join(project, 'millrace.config.ts'),
    `export default { name: 'isolated', concurrency: 2 };\n`,
  );
  const code = Array.from({ length: assets }, (_, index) => {
    const deps = shape === 'chain' && index > 0 ? `deps: [a${index - 1}], ` : '';
    return `export const a${index} = defineAsset({ key: 'a${index}', isolation: 'process', ${deps}run: async () => {} });\n`;
  });
  writeFileSync(
    join(project, 'assets', 'all.ts'),
    `import { defineAsset } from 'millrace';\n${code.join('')}`,
  );
  const command = (...args: readonly string[]): string => {
    const result = spawnSync(process.execPath, [main, ...args, '--json'], { cwd: project, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(result.stdout + result.stderr);
    return result.stdout;
  };
  command('run');
  const { runs } = JSON.parse(command('runs')) as {
    readonly runs: readonly { readonly startedAtMs: number; readonly finishedAtMs: number }[];
  };
  const [run] = runs;
  return run ? (run.finishedAtMs - run.startedAtMs) / assets : NaN;
}
