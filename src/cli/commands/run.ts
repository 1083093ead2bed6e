import { access, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { ConfigError, type ErrorKind, formatError, toFailure } from '../../core/errors.ts';
import type { RunRecord, StepRecord } from '../../core/ledger.ts';
import type { Plan } from '../../core/plan.ts';
import { isOwnershipLive, makePlan } from '../../engine/index.ts';
import { readReplication, selectStreams, singleStreamReplication } from '../../load/index.ts';
import { findProjectFolder } from '../../project/config-file.ts';
import { connectionsFileName } from '../../project/connections-file.ts';
import type { Project } from '../../project/project.ts';
import { readProject, replicationProject } from '../../project/read-project.ts';
import { openSession, projectLedger, type Session } from '../../project/session.ts';
import { exitCodeOfRun, exitCodes } from '../terminal/exit-code.ts';
import type { Place } from './open-project.ts';
import { RunProgressView } from '../terminal/run-progress.ts';
import { formatCount, formatDuration, formatTable, paint, printJson, printLine } from '../terminal/output.ts';

export interface RunCommandOptions extends Place {
  readonly selection: string;
  readonly exclude?: string;
  readonly fullRefresh?: boolean;
  readonly replication?: string;
  readonly streams?: string;
  readonly srcConn?: string;
  readonly srcStream?: string;
  readonly tgtConn?: string;
  readonly tgtObject?: string;
  readonly mode?: string;
  readonly select?: string;
  readonly where?: string;
  readonly primaryKey?: string;
  readonly updateKey?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

/** What is to be run: a project, a part of it, and the ledger that remembers it. */
export interface RunTarget {
  readonly project: Project;
  readonly selection: string;
  readonly ledger: string;
}

/** Loads from the command line have a ledger of their own: the project's definitions do not know them. */
const loadLedger = 'loads.db';

export async function run(options: RunCommandOptions): Promise<number> {
  const target = await runTarget(options);
  const plan = planOf(target, options);
  const session = await openSession(target.project, { ledger: target.ledger });
  try {
    return await execute(session, plan, options.json ?? false);
  } finally {
    await session.close();
  }
}

export async function runTarget(options: RunCommandOptions): Promise<RunTarget> {
  const start = resolve(options.project ?? '.');
  const folder = await findFolder(start);
  if (options.srcConn !== undefined || options.srcStream !== undefined || options.tgtConn !== undefined) {
    return { project: await singleStreamProject(folder, options), selection: '', ledger: loadLedger };
  }
  if (options.replication !== undefined) return replicationTarget(folder, options.replication, options);
  if ((await findProjectFolder(start)) === undefined) {
    throw new ConfigError(
      `there is no millrace.config.ts in ${options.project ?? 'this folder'} or above it`,
      {
        code: 'project_missing',
        next: 'Go to a project, make one (millrace init my-project), or load with: millrace run -r replication.yaml',
      },
    );
  }
  const selection = [options.selection, options.select ?? ''].filter((part) => part !== '').join(' ');
  return { project: await readProject(folder, process.env), selection, ledger: projectLedger };
}

/** The nearest project; for loads by themselves a folder with connections of its own will do. */
async function findFolder(start: string): Promise<string> {
  const ownConnections = await access(join(start, connectionsFileName)).then(
    () => true,
    () => false,
  );
  return ownConnections ? start : ((await findProjectFolder(start)) ?? start);
}

/** A replication file of the project is a part of its graph; any other one is run by itself. */
async function replicationTarget(
  folder: string,
  file: string,
  options: RunCommandOptions,
): Promise<RunTarget> {
  const path = relative(folder, resolve(file)).split(sep).join('/');
  const streams = options.streams === undefined ? [] : names(options.streams);
  if (streams.length === 0 && /^replications\/.+\.ya?ml$/.test(path) && (await findProjectFolder(folder))) {
    return {
      project: await readProject(folder, process.env),
      selection: `path:${path}`,
      ledger: projectLedger,
    };
  }
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${file} cannot be read (${error.code})`, {
      code: 'file_unreadable',
      origin: { file },
    });
  });
  const project = await replicationProject(folder, process.env, () =>
    selectStreams(readReplication(text, file, process.env), streams),
  );
  return { project, selection: '', ledger: loadLedger };
}

async function singleStreamProject(folder: string, options: RunCommandOptions): Promise<Project> {
  const { srcConn, srcStream, tgtConn, tgtObject } = options;
  if (srcConn === undefined || srcStream === undefined || tgtConn === undefined || tgtObject === undefined) {
    throw new ConfigError('loading one stream needs --src-conn, --src-stream, --tgt-conn and --tgt-object', {
      code: 'flag_missing',
      next: 'millrace run --src-conn A --src-stream schema.table --tgt-conn B --tgt-object schema.table --mode full-refresh',
    });
  }
  return replicationProject(folder, process.env, () =>
    singleStreamReplication({
      sourceConnection: srcConn,
      sourceStream: srcStream,
      targetConnection: tgtConn,
      targetObject: tgtObject,
      ...(options.mode === undefined ? {} : { mode: options.mode }),
      ...(options.select === undefined ? {} : { select: names(options.select) }),
      ...(options.primaryKey === undefined ? {} : { primaryKey: names(options.primaryKey) }),
      ...(options.updateKey === undefined ? {} : { updateKey: options.updateKey }),
      ...(options.where === undefined ? {} : { where: options.where }),
    }),
  );
}

function names(list: string): readonly string[] {
  return list.split(',').map((name) => name.trim());
}

export function planOf(target: RunTarget, options: RunCommandOptions): Plan {
  return makePlan(target.project.graph, {
    select: target.selection,
    ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
    manifestHash: target.project.manifest.hash,
    options: {
      fullRefresh: options.fullRefresh ?? false,
      ...(options.limit === undefined ? {} : { rowLimit: options.limit }),
    },
  });
}

async function execute(session: Session, plan: Plan, json: boolean): Promise<number> {
  const { engine } = session;
  const interrupted = await takeUpInterrupted(session, plan);
  const runId = interrupted ?? (await engine.enqueue(plan, { kind: 'command' }));
  const note = (line: string): void => {
    if (!json) process.stderr.write(`${paint('dim', line, process.stderr)}\n`);
  };
  if (interrupted) note(`Continuing run ${runId}, which was interrupted`);
  const afterSequence = interrupted ? await session.store.lastSequence() : 0;
  const attempt = await engine.start();
  if (!attempt.acquired) {
    note(
      `Another millrace (${attempt.holder.owner}) is at work in this project; run ${runId} waits for it or is done by it`,
    );
  }

  const view = json ? undefined : new RunProgressView(plan.steps.length);
  const stopProgress = engine.onProgress((event) => {
    if (event.runId === runId) view?.show(event);
  });
  let cancelling = false;
  const onInterrupt = (): void => {
    if (cancelling) process.exit(exitCodes.cancelled);
    cancelling = true;
    note('Cancelling; press Ctrl-C again to leave at once');
    void engine.cancel(runId);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    for await (const event of engine.tailEvents({ runId, afterSequence })) view?.show(event);
    const record = await engine.waitForRun(runId);
    view?.end();
    return report(record, json);
  } finally {
    view?.end();
    stopProgress();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** An unfinished run of a dead process with the same plan, or undefined. Outdated ones are cancelled. */
async function takeUpInterrupted({ store, engine }: Session, plan: Plan): Promise<string | undefined> {
  const { holder } = await store.readOwnership();
  if (holder && isOwnershipLive(holder, Date.now())) return undefined;
  let found: string | undefined;
  for (const { id, state } of await store.openRuns()) {
    const run = state === 'queued' ? undefined : await store.findRun(id);
    if (!run) continue;
    const same =
      run.plan.selection === plan.selection &&
      run.plan.manifestHash === plan.manifestHash &&
      JSON.stringify(run.plan.options) === JSON.stringify(plan.options);
    if (same && run.state !== 'cancelling' && found === undefined) found = id;
    else await engine.cancel(id);
  }
  return found;
}

function report(run: RunRecord, json: boolean): number {
  const failed = run.steps.filter((step) => step.state === 'failed');
  const code = exitCodeOfRun(run.state, failed.flatMap(failureKind));
  if (json) {
    printJson({
      runId: run.id,
      state: run.state,
      steps: run.steps.map(
        ({ key, kind, type, state, attempt, startedAtMs, finishedAtMs, outcome, failure, reason }) => ({
          key,
          kind,
          type,
          state,
          attempt,
          startedAtMs,
          finishedAtMs,
          outcome,
          failure,
          reason,
        }),
      ),
      ...(run.failure ? { failure: run.failure } : {}),
    });
    return code;
  }
  const moved = run.steps.filter(({ kind, outcome }) => kind !== 'check' && outcome?.rows !== undefined);
  if (moved.length > 0) {
    printLine(
      formatTable(
        ['what', 'type', 'rows', 'time'],
        moved.map((step) => summaryRow(step)),
      ),
    );
    printLine();
  }
  for (const step of failed) {
    if (step.failure) printLine(`${paint('red', '✗')} ${step.key}\n${indent(formatError(step.failure))}`);
    else
      printLine(
        `${paint('red', '✗')} ${step.key}: ${step.outcome?.check?.message ?? step.reason ?? 'failed'}`,
      );
  }
  const checks = run.steps.filter(({ kind }) => kind === 'check');
  const color = run.state === 'succeeded' ? 'green' : 'red';
  const time =
    run.startedAtMs && run.finishedAtMs ? ` in ${formatDuration(run.finishedAtMs - run.startedAtMs)}` : '';
  const counts = [
    `${run.stepCounts.succeeded} of ${run.steps.length} steps succeeded`,
    checks.length > 0
      ? `${checks.filter(({ state }) => state === 'succeeded').length} of ${checks.length} checks`
      : '',
    run.stepCounts.skipped > 0 ? `${run.stepCounts.skipped} skipped` : '',
  ].filter((part) => part !== '');
  printLine(`${paint(color, `Run ${run.id} ${run.state}`)}${time}: ${counts.join(', ')}`);
  if (run.failure?.next) printLine(`Next: ${run.failure.next}`);
  return code;
}

function failureKind(step: StepRecord): ErrorKind[] {
  return step.failure ? [toFailureKind(step)] : ['data'];
}

function toFailureKind(step: StepRecord): ErrorKind {
  return step.failure?.kind ?? toFailure(undefined).kind;
}

function summaryRow(step: StepRecord): string[] {
  const time =
    step.startedAtMs && step.finishedAtMs ? formatDuration(step.finishedAtMs - step.startedAtMs) : '';
  return [step.key, step.type, formatCount(step.outcome?.rows), time];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
