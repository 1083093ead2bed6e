import type { StepMessage } from './isolated-message.ts';
import type { TaskFacts } from '../code/task-facts.ts';
import type { IsolatedBatch } from './isolated-message.ts';

/** The variable of a pod's environment in which it finds its work, as base64 of JSON. */
export const podWorkName = 'MILLRACE_POD_STEP';

/** What a pod is told. Plain data without secrets. */
export interface PodWork {
  /** Of the node. */
  readonly key: string;
  /** Where it is defined, relative to the project's folder. */
  readonly file: string;
  /** Its code as the planner has read it: the image must hold the same. */
  readonly code: string;
  readonly memoryMegabytes: number | undefined;
  readonly facts: Omit<TaskFacts, 'batch'>;
  readonly batch: IsolatedBatch | undefined;
}

/** A line of the pod's output; what is read twice after a lost connection is told by its number. */
interface NumberedMessage {
  readonly number: number;
  readonly message: StepMessage;
}

const mark = 'millrace-step ';

export function writeMessage(number: number, message: StepMessage): string {
  return `${mark}${JSON.stringify({ number, message } satisfies NumberedMessage)}\n`;
}

/** Undefined for a line that is no message. */
export function readMessage(line: string): NumberedMessage | undefined {
  if (!line.startsWith(mark)) return undefined;
  try {
    return JSON.parse(line.slice(mark.length)) as NumberedMessage;
  } catch {
    return undefined;
  }
}
