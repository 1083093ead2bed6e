import type { JsonValue } from '../../core/json.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';
import { type CodeNode, isCodeNode, kindOfCode, markedCode } from './code-definitions.ts';
import type { Task } from './tasks.ts';
import type { Triggers } from './trigger-files.ts';

/** What the code of a project defines. */
export interface LoadedCode {
  readonly definition: ProjectDefinition;
  readonly tasks: readonly Task[];
  readonly triggers: Triggers;
}

/** The same as plain data: functions are their text. */
export type SentCode = { readonly [key: string]: JsonValue };

const functionKey = '$function';
const kindKey = '$kind';

export function sendCode({ definition, tasks, triggers }: LoadedCode): SentCode {
  const sent = {
    definition,
    tasks: tasks.map((task) => ({ ...task, definition: sentNode(task.definition) })),
    triggers,
  };
  const text = JSON.stringify(sent, (_, value: unknown) =>
    typeof value === 'function' ? { [functionKey]: value.toString() } : value,
  );
  return JSON.parse(text) as SentCode;
}

/** What it names of others, it names by key, kind, partitions, and whether it is made for each item; all else of those is told where they are defined. */
function sentNode(node: CodeNode): object {
  const named = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((one) => named(one));
    if (!isCodeNode(value)) return value;
    const { key, forEach, partitions } = value;
    return {
      [kindKey]: kindOfCode(value),
      key,
      ...(forEach ? { forEach: { key: forEach.key } } : {}),
      ...(partitions ? { partitions } : {}),
    };
  };
  const { deps, after, forEach, collect, asset } = node;
  const others = Object.entries({ deps, after, forEach, collect, asset }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, named(value)] as const],
  );
  return { ...node, [kindKey]: kindOfCode(node), ...Object.fromEntries(others) };
}

/** What was sent, with functions that tell their text and cannot be called here. */
export function receiveCode(sent: SentCode): LoadedCode {
  return revived(sent) as LoadedCode;
}

function revived(value: JsonValue): unknown {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((one) => revived(one));
  if (typeof value !== 'object' || value === null) return value;
  const { [functionKey]: text, [kindKey]: kind, ...rest } = value as Readonly<Record<string, JsonValue>>;
  if (typeof text === 'string') return elsewhere(text);
  const object = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, revived(inner)]));
  return kind === 'task' || kind === 'asset' || kind === 'check' ? markedCode(object, kind) : object;
}

function elsewhere(text: string): () => never {
  const stand = (): never => {
    throw new Error('this function is in another process');
  };
  return Object.assign(stand, { toString: () => text });
}
