import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FatalError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { CommandHook } from '../replication/hook.ts';
import type { HookPlace } from './hook-place.ts';
import { fillText } from './hook-text.ts';
import { locate } from './location.ts';

const maxOutputBytes: number = 16 * 1024 * 1024;

/** Runs a program: a text by the shell, a list of words without one. */
export async function runCommand(hook: CommandHook, name: string, place: HookPlace): Promise<JsonObject> {
  const { print = true, capture = true } = hook;
  const [file = '', ...parameters] =
    typeof hook.command === 'string'
      ? ['/bin/sh', '-c', fillText(hook.command, place)]
      : hook.command.map((part) => fillText(part, place));
  const cwd =
    hook.working_dir === undefined
      ? place.services.projectFolder
      : (await locate(fillText(hook.working_dir, place), place)).path;
  try {
    const { stdout } = await promisify(execFile)(file, parameters, {
      cwd,
      signal: place.context.signal,
      maxBuffer: maxOutputBytes,
    });
    if (print) for (const line of stdout.split('\n').filter((one) => one !== '')) place.context.log(line);
    return { status: 'success', output: capture ? stdout : '' };
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    throw new FatalError(`hook ${name}: the command ended with ${code}`, {
      code: 'command_failed',
      origin: place.origin,
      cause: error,
    });
  }
}
