import { resolve } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import type { StepContext } from '../../core/executor.ts';
import { executeIsolated } from '../../project/execution/isolated-task.ts';
import { sendError, type StepMessage } from '../../project/execution/isolated-message.ts';
import { podWorkName, type PodWork, writeMessage } from '../../project/execution/pod-message.ts';
import { readTasks } from '../../project/code/tasks.ts';
import { nodeKeyOf } from '../../project/code/code-definitions.ts';
import { exitCodes } from '../terminal/exit-code.ts';

/** In a pod: does the attempt that the environment names, and says on standard output what comes of it. */
export async function podStep(project: string | undefined): Promise<number> {
  let number = 0;
  const tell = (message: StepMessage): void => {
    number += 1;
    process.stdout.write(writeMessage(number, message));
  };
  try {
    tell({ type: 'done', outcome: await work(resolve(project ?? '.'), tell) });
    return exitCodes.success;
  } catch (error) {
    tell({ type: 'failed', error: sendError(error) });
    return exitCodes.failed;
  }
}

async function work(
  projectFolder: string,
  tell: (message: StepMessage) => void,
): ReturnType<typeof executeIsolated> {
  const { [podWorkName]: given = '', ...environment } = process.env;
  if (given === '') {
    throw new ConfigError('this command is what Millrace runs in a pod', { code: 'pod_work_missing' });
  }
  const { key, file, code, memoryMegabytes, facts, batch } = JSON.parse(
    Buffer.from(given, 'base64').toString(),
  ) as PodWork;
  await requireSameCode(projectFolder, key, code);
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  const context: StepContext = {
    runId: facts.runId,
    attempt: facts.attempt,
    idempotencyKey: facts.idempotencyKey,
    options: { fullRefresh: false },
    signal: stopping.signal,
    checkpoint: undefined,
    log: (message, level = 'info') => tell({ type: 'log', message, level }),
    progress: (progress) => tell({ type: 'progress', progress }),
    saveCheckpoint: () => Promise.reject(new Error('code has no checkpoints')),
    addPartitionKeys: () =>
      Promise.reject(
        new ConfigError(`${key} works in a pod, from which it cannot add keys of partitions`, {
          code: 'pod_adds_no_keys',
          next: "Let a task with isolation: 'process' add them, from what this one returns",
        }),
      ),
  };
  const partitions = batch && { ...batch, values: () => batch.values };
  const isolation = { key, file, projectFolder, memoryMegabytes, lent: [] };
  const notHere = (): Promise<never> =>
    Promise.reject(new Error('the process of a pod has no connections of its own'));
  return executeIsolated(isolation, { ...facts, batch: partitions }, environment, notHere, context);
}

/** The image may hold another version of the project than the one that was planned with. */
async function requireSameCode(projectFolder: string, key: string, code: string): Promise<void> {
  const tasks = await readTasks(projectFolder);
  const found = tasks.find(({ definition }) => nodeKeyOf(definition) === key);
  if (found?.definition.run.toString() === code) return;
  throw new ConfigError(
    found ? `the image has another version of ${key} than the project` : `the image has no ${key}`,
    {
      code: 'pod_outdated',
      next: 'Build the image from the version of the project that is served, and name it in kubernetes.image',
    },
  );
}
