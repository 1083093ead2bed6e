import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRecord } from '../../src/core/ledger.ts';
import type { RunStore } from '../../src/core/ports.ts';
import type { RunEvent } from '../../src/core/run-event.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { startMillrace, type RunningCommand } from './millrace-command.ts';
import type { NetworkHost } from './network-host.ts';

/** Short, so that a lost process is soon missed. */
export const leaseSeconds = 3;

/** One `millrace serve` or `millrace worker`. */
export interface Member extends RunningCommand {
  /** Its name in the ledger, once it is ready. */
  readonly name: string;
}

/** Processes that share a project through a PostgreSQL ledger. Their tasks write down what they do in `calls`. */
export interface Fleet {
  readonly folder: string;
  readonly store: RunStore;
  write(path: string, content: string): Promise<void>;
  /** Starts `serve --no-work`, and waits until it is ready. */
  serve(...more: readonly string[]): Promise<Member>;
  /** Starts a worker in the project's folder, or in another one. */
  worker(more?: readonly string[], folder?: string): Promise<Member>;
  /** Starts a worker on another host, from which the ledger's server is reached. */
  workerOn(host: NetworkHost, more?: readonly string[]): Promise<Member>;
  /** Asks for a run of everything, or of a selection; gives its id. */
  enqueue(...selection: readonly string[]): Promise<string>;
  finished(runId: string): Promise<RunRecord>;
  events(runId: string): Promise<readonly RunEvent[]>;
  /** Lines that tasks have written, such as `begin slow`. */
  calls(): Promise<readonly string[]>;
  /** Waits until a task has written that line. */
  seen(line: string): Promise<void>;
  close(): Promise<void>;
}

/** A task that writes `begin <key>`, works for a while that is not ended by its signal, and writes `end <key>`. */
export function stubbornTask(key: string, seconds: number, more: string = ''): string {
  return task(key, `await sleep(${seconds * 1000});`, more);
}

/** The same, but it obeys its signal. */
export function politeTask(key: string, seconds: number, more: string = ''): string {
  return task(key, `await sleep(${seconds * 1000}, undefined, { signal: context.signal });`, more);
}

function task(key: string, work: string, more: string): string {
  return `export const ${key} = defineTask({ key: '${key}', ${more} run: async (context) => {
  note('begin ${key}');
  ${work}
  note('end ${key}');
} });
`;
}

export async function makeFleet(
  ledgerUrl: string,
  tasks: readonly string[],
  config: string = '',
): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-fleet-'));
  const callsFile = join(folder, 'calls');
  const members: Member[] = [];
  const env = { MILLRACE_LEDGER_URL: ledgerUrl, CALLS: callsFile };
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  await write('calls', '');
  await write(
    'millrace.config.ts',
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'fleet', ${config} });\n`,
  );
  await write('assets/work.ts', workFile(tasks));
  const store = await openPostgresLedger(ledgerUrl);
  const member = async (args: readonly string[], cwd: string, host?: NetworkHost): Promise<Member> => {
    const command = startMillrace([...args, '--lease', String(leaseSeconds), '--json'], {
      cwd,
      env: host ? { ...env, MILLRACE_LEDGER_URL: urlFrom(host, ledgerUrl) } : env,
      prefix: host?.prefix ?? [],
    });
    const ready = await Promise.race([
      firstLine(command),
      command.result.then(({ stderr }) => Promise.reject(new Error(stderr))),
    ]);
    const said = JSON.parse(ready) as { readonly worker?: string };
    const made = { ...command, name: said.worker ?? '' };
    members.push(made);
    return made;
  };
  const calls = async (): Promise<readonly string[]> =>
    (await readFile(callsFile, 'utf8')).split('\n').filter((line) => line !== '');
  return {
    folder,
    store,
    write,
    serve: (...more) => member(['serve', '--port', '0', '--no-work', ...more], folder),
    worker: (more = [], where = folder) => member(['worker', ...more], where),
    workerOn: (host, more = []) => member(['worker', ...more], folder, host),
    enqueue: async (...selection) => {
      const before = await store.listRuns({ limit: 1 });
      // It only asks: the process that serves owns the project.
      const asking = startMillrace(['run', ...selection, '--json'], { cwd: folder, env });
      for (;;) {
        const [newest] = await store.listRuns({ limit: 1 });
        if (newest && newest.id !== before[0]?.id) {
          asking.child.kill('SIGKILL');
          await asking.result;
          return newest.id;
        }
        if (asking.child.exitCode !== null) throw new Error((await asking.result).stderr);
        await sleep(50);
      }
    },
    finished: async (runId) => {
      for (;;) {
        const run = await store.findRun(runId);
        if (run?.finishedAtMs !== undefined) return run;
        await sleep(50);
      }
    },
    events: (runId) => store.events({ runId, afterSequence: 0, limit: 10_000 }),
    calls,
    seen: async (line) => {
      while (!(await calls()).includes(line)) await sleep(20);
    },
    close: async () => {
      for (const { child } of members) child.kill('SIGCONT');
      for (const { child } of members) child.kill('SIGKILL');
      await Promise.all(members.map(({ result }) => result));
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A file of tasks, which may be put into another folder too. */
export function workFile(tasks: readonly string[]): string {
  return `import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'millrace';
const note = (line: string): void => appendFileSync(process.env['CALLS'] ?? '', line + '\\n');
${tasks.join('')}`;
}

function urlFrom(host: NetworkHost, ledgerUrl: string): string {
  const url = new URL(ledgerUrl);
  url.hostname = host.gateway;
  return url.href;
}

async function firstLine({ child }: RunningCommand): Promise<string> {
  let text = '';
  while (!text.includes('\n')) {
    const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text.split('\n', 1)[0] ?? '';
}

/** How often each step has begun and succeeded, from the run's events. */
export function timesOf(
  events: readonly RunEvent[],
  step: string,
): { readonly began: number; readonly succeeded: number } {
  const states = events.flatMap((event) =>
    event.type === 'step_state' && event.step === step ? [event.state] : [],
  );
  const count = (wanted: string): number => states.filter((state) => state === wanted).length;
  return { began: count('running'), succeeded: count('succeeded') };
}

/** The workers that have begun a step, in their order. */
export function workersOf(events: readonly RunEvent[], step: string): readonly (string | undefined)[] {
  return events.flatMap((event) =>
    event.type === 'step_state' && event.step === step && event.state === 'running' ? [event.worker] : [],
  );
}
