import type { RunStore } from '../../core/ports.ts';
import { completionHistory, latestCompletions } from './completions.ts';
import { createBackfill, findBackfill, listBackfills, updateBackfill } from './backfills.ts';
import { openDatabase } from './database.ts';
import { lastSequence, readEvents } from './event-log.ts';
import { readNote, writeNote } from './notes.ts';
import { addPartitionKeys, partitionKeys, partitionStates } from './partitions.ts';
import { announceAddress, claimOwnership, readOwnership, releaseOwnership } from './ownership.ts';
import { deleteRunsFinishedBefore } from './retention.ts';
import { findRun, listRuns, openRuns, runState } from './run-reading.ts';
import { claimRun, createRun, holdRun, moveRun, releaseRun, renewLeases, requestCancel } from './runs.ts';
import { appendLog, moveSteps, saveCheckpoint, startStep } from './steps.ts';
import { insertTick, readTicks } from './ticks.ts';
import { commitTriggers, readTriggerTicks } from './triggers.ts';

/**
 * Opens or creates the run ledger in an SQLite file, with its folder. Many processes may have it open.
 * Every call has done its work when it returns; what it wrote survives a killed process.
 */
export async function openSqliteLedger(path: string): Promise<RunStore> {
  const database = openDatabase(path);
  return {
    createRun: async (run, tick) => createRun(database, run, tick),
    recordTick: async (tick) => database.write(() => insertTick(database, tick)),
    requestCancel: async (runId, atMs) => requestCancel(database, runId, atMs),
    holdRun: async (runId, isHeld, atMs) => holdRun(database, runId, isHeld, atMs),
    createBackfill: async (backfill) => createBackfill(database, backfill),
    updateBackfill: async (backfill, run) => updateBackfill(database, backfill, run),
    findBackfill: async (id) => database.read(() => findBackfill(database, id)),
    listBackfills: async (filter) => database.read(() => listBackfills(database, filter)),
    claimRun: async (claim) => claimRun(database, claim),
    renewLeases: async (owner, expiresAtMs) => renewLeases(database, owner, expiresAtMs),
    releaseRun: async (lease, atMs, reason) => releaseRun(database, lease, atMs, reason),
    moveRun: async (lease, move) => moveRun(database, lease, move),
    startStep: async (lease, start) => startStep(database, lease, start),
    moveSteps: async (lease, moves) => moveSteps(database, lease, moves),
    appendLog: async (lease, line) => appendLog(database, lease, line),
    saveCheckpoint: async (lease, step, value) => saveCheckpoint(database, lease, step, value),
    openRuns: async () => database.read(() => openRuns(database)),
    runState: async (runId) => database.read(() => runState(database, runId)),
    findRun: async (runId) => findRun(database, runId),
    listRuns: async (filter) => listRuns(database, filter),
    lastSequence: async () => database.read(() => lastSequence(database)),
    events: async (query) => database.read(() => readEvents(database, query)),
    latestCompletions: async (keys) => database.read(() => latestCompletions(database, keys)),
    partitionStates: async (node) => database.read(() => partitionStates(database, node)),
    addPartitionKeys: async (set, keys, atMs) => addPartitionKeys(database, set, keys, atMs),
    partitionKeys: async (set) => database.read(() => partitionKeys(database, set)),
    completionHistory: async (key, limit) => database.read(() => completionHistory(database, key, limit)),
    ticks: async (schedule, limit) => database.read(() => readTicks(database, schedule, limit)),
    readNote: async (name) => database.read(() => readNote(database, name)),
    writeNote: async (note) => writeNote(database, note),
    commitTriggers: async (commit) => commitTriggers(database, commit),
    triggerTicks: async (trigger, limit) => database.read(() => readTriggerTicks(database, trigger, limit)),
    readOwnership: async () => database.read(() => readOwnership(database)),
    claimOwnership: async (claim) => claimOwnership(database, claim),
    announceAddress: async (owner, address) =>
      database.write(() => announceAddress(database, owner, address)),
    releaseOwnership: async (owner) => database.write(() => releaseOwnership(database, owner)),
    deleteRunsFinishedBefore: async (beforeMs) => deleteRunsFinishedBefore(database, beforeMs),
    close: async () => database.close(),
  };
}
