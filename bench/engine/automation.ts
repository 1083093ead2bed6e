import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eager } from '../../src/core/condition.ts';
import type { Executor } from '../../src/core/executor.ts';
import type { RunStore } from '../../src/core/ports.ts';
import { createEngine, makePlan } from '../../src/engine/index.ts';
import { assets, load } from './graphs.ts';

const rounds = 100;

/**
 * Milliseconds from the return of an upstream's work to the first line of a downstream that no run holds: its condition
 * `eager` asks for it. `nodes` is how many eager nodes there are in all.
 */
export async function conditionMilliseconds(store: RunStore, nodes: number): Promise<readonly number[]> {
  const definitions = load(assets(nodes, 'wide'));
  const chain = load([
    ...definitions.graph.nodes,
    ...assets(2, 'chain').map((node) => ({
      ...node,
      key: `chain/${node.key}`,
      edges: node.edges.map((edge) => ({ ...edge, from: `chain/${edge.from}` })),
    })),
  ]);
  const [upstream, downstream] = chain.graph.nodes
    .map(({ key }) => key)
    .filter((key) => key.startsWith('chain/'));
  if (upstream === undefined || downstream === undefined) throw new Error('the chain has no two nodes');
  const delays: number[] = [];
  let endedAtMs = 0;
  let arrived = Promise.withResolvers<void>();
  const timing: Executor = {
    name: 'no-op',
    execute: async ({ key }) => {
      if (key === downstream) {
        delays.push(performance.now() - endedAtMs);
        arrived.resolve();
      }
      if (key === upstream) endedAtMs = performance.now();
      return { metadata: {} };
    },
  };
  const conditions = new Map([
    [downstream, eager()],
    ...definitions.graph.nodes.map(({ key }) => [key, { kind: 'stale' }] as const),
  ]);
  const engine = createEngine({
    store,
    executors: [timing],
    definitions: () => ({ ...chain, schedules: [], conditions }),
  });
  await engine.start({ schedules: true });
  for (let round = 0; round < rounds; round += 1) {
    arrived = Promise.withResolvers();
    const plan = makePlan(chain.graph, { ...chain, keys: [upstream] });
    await engine.waitForRun(await engine.enqueue(plan, { kind: 'code' }));
    await arrived.promise;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await engine.shutdown('finish');
  return delays.slice(1);
}

export interface IdleFigures {
  /** Of one core. */
  readonly cpuPercent: number;
  readonly megabytes: number;
}

const settleMilliseconds = 10_000;
const measuredMilliseconds = 60_000;

/** What `millrace dev` uses with 100 sensors of files, every 30 s, and 100 schedules, while nothing happens. Linux only. */
export async function idleFigures(main: string, project: string): Promise<IdleFigures> {
  mkdirSync(join(project, 'assets'), { recursive: true });
  mkdirSync(join(project, 'drops'));
  writeFileSync(
    join(project, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';
const schedules = Array.from({ length: 100 }, (_, at) => ({ name: 's' + at, cron: '0 0 1 1 *', select: '' }));
export default defineProject({ name: 'idle', schedules });\n`,
  );
  writeFileSync(
    join(project, 'assets', 'nothing.ts'),
    `import { defineTask } from 'millrace';\nexport default defineTask({ key: 'nothing', run: async () => {} });\n`,
  );
  for (let at = 0; at < 100; at += 1)
    writeFileSync(
      join(project, 'assets', `sensor${at}.ts`),
      `import { defineSensor } from 'millrace';
export default defineSensor({ name: 'drop${at}', select: '', on: { files: 'drops/${at}_*.csv' } });\n`,
    );
  const child = spawn(process.execPath, [main, 'dev', '--port', '0', '--json'], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(createInterface(child.stdout), 'line');
    await sleep(settleMilliseconds);
    const before = cpuSeconds(child.pid ?? 0);
    await sleep(measuredMilliseconds);
    const used = cpuSeconds(child.pid ?? 0) - before;
    return {
      cpuPercent: (used / (measuredMilliseconds / 1000)) * 100,
      megabytes: residentMegabytes(child.pid ?? 0),
    };
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** User and system time; a tick is 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMegabytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1000;
}
