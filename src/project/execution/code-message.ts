import type { SentCode } from '../code/sent-code.ts';
import type { SensorResult } from '../sensors/definition.ts';
import type { EngineMessage, SensorLook, SentError, StepMessage } from './isolated-message.ts';

/** What the engine's process tells the one that has a project's code, about one of its calls. */
export interface CodeAsk {
  readonly call: number;
  readonly message: EngineMessage | { readonly type: 'look'; readonly look: SensorLook };
}

/** What that says: of the project's files until they are loaded, then of its calls. */
export type CodeWord =
  | { readonly type: 'loading'; readonly file: string }
  | { readonly type: 'loaded'; readonly code: SentCode }
  | { readonly type: 'unloadable'; readonly error: SentError }
  | { readonly type: 'said'; readonly call: number; readonly message: StepMessage }
  | { readonly type: 'looked'; readonly call: number; readonly result: SensorResult };
