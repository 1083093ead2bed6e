import { join } from 'node:path';
import type { Connection } from '../../../connector/connection.ts';
import { FatalError } from '../../../core/errors.ts';
import type { StepOutcome } from '../../../core/executor.ts';
import { type CodeNode, isCodeNode, nodeKeyOf } from '../../code/code-definitions.ts';
import { isSensorDefinition, type SensorResult } from '../../sensors/definition.ts';
import { importUserModule } from '../../settings/user-modules.ts';
import type { CodePlace, IsolatedWork, SensorLook, StepMessage } from '../isolated-message.ts';
import { callTask } from '../task-executor.ts';
import type { Asking } from './asking.ts';
import { lentConnection } from './lent-connection.ts';
import type { StepConnections } from './step-connections.ts';

/** What code of users has around it in a process of its own. */
export interface Room {
  readonly signal: AbortSignal;
  readonly asking: Asking;
  readonly connections: () => Promise<StepConnections>;
  readonly tell: (message: StepMessage) => void;
}

/** Calls the function of a definition and says what came of it, as plain data. */
export async function makeAttempt(asked: IsolatedWork, room: Room): Promise<StepOutcome> {
  const { environment, facts, batch, lent } = asked;
  const definition = await findDefinition(asked);
  const { signal, asking, tell } = room;
  let redact = (text: string): string => text;
  const outcome = await callTask(
    definition,
    { file: asked.file },
    { ...facts, batch: batch && { ...batch, values: () => batch.values } },
    {
      environment,
      signal,
      connection: (name) =>
        connectionOf(name, lent, room, (open) => {
          redact = (text) => open.redact(text);
        }),
      addPartitionKeys: async (set, keys) =>
        (await asking.ask({ kind: 'addKeys', set, keys: [...keys] })) as number,
      log: (message, level = 'info') => tell({ type: 'log', message: redact(message), level }),
      progress: (progress) => tell({ type: 'progress', progress }),
    },
  );
  return plain(outcome);
}

/** Calls the `check` of a sensor. */
export async function lookBySensor(asked: SensorLook, room: Room): Promise<SensorResult> {
  const { name, cursor, environment, lent } = asked;
  const sensors = (await definitionsOf(asked)).filter((value) => isSensorDefinition(value));
  const sensor = sensors.find((one) => one.name === name);
  if (!sensor?.check) throw gone(`the sensor ${name}`, asked);
  const connection = (of: string): Promise<Connection> => connectionOf(of, lent, room);
  return plain((await sensor.check({ cursor, signal: room.signal, environment, connection })) ?? {});
}

async function connectionOf(
  name: string,
  lent: readonly string[],
  room: Room,
  onOpen?: (open: StepConnections) => void,
): Promise<Connection> {
  if (lent.includes(name.toUpperCase())) return lentConnection(name, room.asking);
  const open = await room.connections();
  onOpen?.(open);
  return open.get(name);
}

async function definitionsOf({ file, projectFolder }: CodePlace): Promise<readonly unknown[]> {
  return Object.values(await importUserModule(join(projectFolder, file), projectFolder));
}

async function findDefinition(asked: IsolatedWork): Promise<CodeNode> {
  const found = (await definitionsOf(asked)).find(
    (value) => isCodeNode(value) && nodeKeyOf(value) === asked.key,
  );
  if (isCodeNode(found)) return found;
  throw gone(asked.key, asked);
}

function gone(what: string, { file }: CodePlace): FatalError {
  return new FatalError(`${what} is no longer defined`, {
    code: 'task_missing',
    origin: { file },
    next: 'The project has changed since the run was planned; run it again',
  });
}

/** What cannot be plain data is told here, where the function is. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
