import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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
      ? [shell(), '-c', fillText(hook.command, place)]
      : hook.command.map((part) => fillText(part, place));
  const cwd =
    hook.working_dir === undefined
      ? place.services.projectFolder
      : (await locate(fillText(hook.working_dir, place), place)).path;
  try {
    const { stdout, stderr } = await promisify(execFile)(file, parameters, {
      cwd,
      signal: place.context.signal,
      maxBuffer: maxOutputBytes,
      env: { ...process.env, ...variablesOf(hook, place) },
      timeout: (hook.timeout ?? 0) * 1000,
    });
    if (print) for (const line of stdout.split('\n').filter((one) => one !== '')) place.context.log(line);
    return {
      status: 'success',
      output: capture ? { stdout, stderr, combined: stdout + stderr } : {},
      result: capture ? stdout : '',
    };
  } catch (error) {
    const { code, signal, killed } = error as { code?: unknown; signal?: unknown; killed?: boolean };
    if (killed === true && hook.timeout !== undefined && !place.context.signal.aborted) {
      throw new FatalError(
        `hook ${name}: the command took longer than its timeout of ${hook.timeout} seconds`,
        {
          code: 'command_timed_out',
          origin: place.origin,
          cause: error,
        },
      );
    }
    throw new FatalError(`hook ${name}: the command ended with ${String(code ?? signal)}`, {
      code: 'command_failed',
      origin: place.origin,
      cause: error,
    });
  }
}

const bash = '/bin/bash';

/** As people write commands: with what bash knows, where there is one. */
function shell(): string {
  return existsSync(bash) ? bash : '/bin/sh';
}

function variablesOf({ env = {} }: CommandHook, place: HookPlace): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fillText(String(value), place)]));
}
