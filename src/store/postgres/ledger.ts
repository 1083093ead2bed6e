import type { RunStore } from '../../core/ports.ts';
import { createBackfill, findBackfill, listBackfills, updateBackfill } from './backfills.ts';
import { createChangeFeed } from './change-feed.ts';
import { completionHistory, latestCompletions } from './completions.ts';
import { parseLedgerUrl } from './connection-url.ts';
import { createDispatch } from './dispatch.ts';
import { lastSequence, readEvents } from './event-log.ts';
import { createLogWriter } from './log-lines.ts';
import { migrate } from './migration.ts';
import { readNote, writeNote } from './notes.ts';
import { addPartitionKeys, partitionKeys, partitionStates } from './partitions.ts';
import { announceAddress, claimOwnership, readOwnership, releaseOwnership } from './ownership.ts';
import { deleteRunsFinishedBefore } from './retention.ts';
import { findRun, listRuns, openRuns, runState } from './run-reading.ts';
import { claimRun, createRun, holdRun, moveRun, releaseRun, renewLeases, requestCancel } from './runs.ts';
import { openServer } from './server.ts';
import { moveSteps, saveCheckpoint, startStep } from './steps.ts';
import { insertTick, readTicks } from './ticks.ts';
import { commitTriggers, readTriggerTicks } from './triggers.ts';

export interface PostgresLedgerOptions {
  /** Holds the ledger's tables and nothing else; made when it is missing. `?schema=` in the URL goes before it. Default `millrace_ledger`. */
  readonly schema?: string;
  /** How long a call goes on trying while the server is away. Default 20. */
  readonly patienceSeconds?: number;
}

/**
 * Opens or creates the run ledger in a schema of a PostgreSQL database (13 or newer), for many processes and machines.
 * It needs the server itself, or a pooler that keeps sessions: other processes are told by LISTEN and NOTIFY.
 * Throws a `ConfigError` for a bad URL, login or database, a `TransientError` when the server cannot be reached.
 */
export async function openPostgresLedger(
  url: string,
  options: PostgresLedgerOptions = {},
): Promise<RunStore> {
  const address = parseLedgerUrl(url, options.schema ?? 'millrace_ledger');
  const server = await openServer(address, options.patienceSeconds);
  try {
    await migrate(server, address.schema);
  } catch (error) {
    await server.close();
    throw error;
  }
  const feed = createChangeFeed(server);
  const logs = createLogWriter(server);
  return {
    createRun: (run, tick) => server.write((session) => createRun(session, run, tick)),
    recordTick: (tick) => server.write((session) => insertTick(session, tick)),
    requestCancel: (runId, atMs) => server.write((session) => requestCancel(session, runId, atMs)),
    holdRun: (runId, isHeld, atMs) => server.write((session) => holdRun(session, runId, isHeld, atMs)),
    createBackfill: (backfill) => server.write((session) => createBackfill(session, backfill)),
    updateBackfill: (backfill, run) => server.write((session) => updateBackfill(session, backfill, run)),
    findBackfill: (id) => server.read((session) => findBackfill(session, id)),
    listBackfills: (filter) => server.read((session) => listBackfills(session, filter)),
    claimRun: (claim) => server.write((session) => claimRun(session, claim)),
    renewLeases: (owner, expiresAtMs) => server.write((session) => renewLeases(session, owner, expiresAtMs)),
    releaseRun: (lease, atMs, reason) => server.write((session) => releaseRun(session, lease, atMs, reason)),
    moveRun: (lease, move) => server.write((session) => moveRun(session, lease, move)),
    startStep: (lease, start) => server.write((session) => startStep(session, lease, start)),
    moveSteps: (lease, moves) => server.write((session) => moveSteps(session, lease, moves)),
    appendLog: (lease, line) => logs.append(lease, line),
    saveCheckpoint: (lease, step, value) =>
      server.write((session) => saveCheckpoint(session, lease, step, value)),
    openRuns: () => server.read((session) => openRuns(session)),
    runState: (runId) => server.read((session) => runState(session, runId)),
    findRun: (runId) => server.snapshot((session) => findRun(session, runId)),
    listRuns: (filter) => server.read((session) => listRuns(session, filter)),
    lastSequence: () => server.read((session) => lastSequence(session)),
    events: (query) => server.read((session) => readEvents(session, query)),
    latestCompletions: (keys) => server.read((session) => latestCompletions(session, keys)),
    partitionStates: (node) => server.read((session) => partitionStates(session, node)),
    addPartitionKeys: (set, keys, atMs) =>
      server.write((session) => addPartitionKeys(session, set, keys, atMs)),
    partitionKeys: (set) => server.read((session) => partitionKeys(session, set)),
    completionHistory: (key, limit) => server.read((session) => completionHistory(session, key, limit)),
    ticks: (schedule, limit) => server.read((session) => readTicks(session, schedule, limit)),
    readNote: (name) => server.read((session) => readNote(session, name)),
    writeNote: (note) => server.write((session) => writeNote(session, note)),
    commitTriggers: (commit) => commitTriggers(server, commit),
    triggerTicks: (trigger, limit) => server.read((session) => readTriggerTicks(session, trigger, limit)),
    readOwnership: () => server.read((session) => readOwnership(session)),
    claimOwnership: (claim) => server.write((session) => claimOwnership(session, claim)),
    announceAddress: (owner, url) => server.write((session) => announceAddress(session, owner, url)),
    releaseOwnership: (owner) => server.write((session) => releaseOwnership(session, owner)),
    deleteRunsFinishedBefore: (beforeMs) => deleteRunsFinishedBefore(server, beforeMs),
    onChange: (listener) => feed.add(listener),
    dispatch: createDispatch(server, feed),
    close: async () => {
      await feed.close();
      await server.close();
    },
  };
}
