import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteLedger } from '../../src/store/index.ts';
import { millrace, millraceJson } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

/** Runs that another process asked for, and that the project's last owner began and handed back. */
async function leaveRunsOf(pid: number, runIds: readonly string[]): Promise<void> {
  const { runId } = await millraceJson<{ runId: string }>(['run'], { cwd: project.folder });
  const store = await openSqliteLedger(join(project.folder, '.millrace', 'ledger.db'));
  const atMs = Date.now();
  const owner = `${hostname()}:${pid}:0badcafe`;
  const plan = (await store.findRun(runId))?.plan;
  if (!plan) throw new Error(`the run ${runId} is not in the ledger`);
  for (const id of runIds) {
    await store.createRun({ id, plan, trigger: { kind: 'command' }, createdAtMs: atMs, enqueuedBy: owner });
    const claim = { runId: id, owner, expectedEpoch: 0, atMs, expiresAtMs: atMs + 1000, resetReason: '' };
    const lease = await store.claimRun(claim);
    if (!lease) throw new Error(`the run ${id} could not be taken`);
    await store.moveRun(lease, { to: 'running', atMs });
    await store.releaseRun(lease, atMs, 'handed back');
  }
  await store.close();
}

async function stateOf(runId: string): Promise<string> {
  const { run } = await millraceJson<{ run: { state: string } }>(['runs', 'show', runId], {
    cwd: project.folder,
  });
  return run.state;
}

test('runs that a living process waits for are neither taken for interrupted ones nor cancelled', async () => {
  await leaveRunsOf(process.pid, ['awaited-1', 'awaited-2']);
  const { runId } = await millraceJson<{ runId: string }>(['run'], { cwd: project.folder });
  expect(runId).not.toMatch(/^awaited/);
  expect(await stateOf('awaited-1')).not.toBe('cancelled');
  expect(await stateOf('awaited-2')).not.toBe('cancelled');
});

test('one of a dead process is continued', async () => {
  const ended = spawnSync(process.execPath, ['--version']);
  await leaveRunsOf(ended.pid, ['interrupted']);
  const listed = await millrace(['runs'], { cwd: project.folder });
  expect(listed.stdout).toMatch(/^interrupted +interrupted /m);
  const { stderr } = await millrace(['run'], { cwd: project.folder });
  expect(stderr).toContain('Continuing run interrupted');
  expect(await stateOf('interrupted')).toBe('succeeded');
});
