import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../../config/environment.ts';
import { ConfigError, TransientError } from '../../core/errors.ts';
import type { ConnectionDeclaration } from './connections-file.ts';

/** The same permission as for hooks that run commands. */
const commandPermission = 'MILLRACE_ALLOW_COMMANDS';
const commandTimeoutMs = 30_000;
const reference = /\$\{(file|command):([^}]+)\}/g;

/** Keys whose value may be in a file that another key names. */
const fileKeys = { password_file: 'password', token_file: 'token', ssh_passphrase_file: 'ssh_passphrase' };

export interface SecretPlaces {
  /** Where relative paths begin. */
  readonly projectFolder: string;
  readonly environment: Environment;
  /** Told every secret that was found. */
  readonly onSecret: (secret: string) => void;
}

/**
 * The declaration with what its `${file:...}`, `${command:...}` and `password_file` stand for. Read anew at each
 * opening, so that a secret may change.
 * @throws ConfigError or TransientError that names the file or the key, never what was read
 */
export async function withSecrets(
  declaration: ConnectionDeclaration,
  places: SecretPlaces,
): Promise<ConnectionDeclaration> {
  const { name, config, url } = declaration;
  const filled = await fill(name, config, '', places);
  return {
    ...declaration,
    config: withoutFileKeys(filled as Readonly<Record<string, unknown>>),
    url: url === undefined ? undefined : String(await fill(name, url, 'url', places)),
  };
}

/** The declaration with a word in place of every secret that is elsewhere, for checks that reach nothing. */
export function withPlaceholders(declaration: ConnectionDeclaration): ConnectionDeclaration {
  const replaced = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.replaceAll(reference, 'elsewhere')
      : isMap(value)
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item)]))
        : value;
  return {
    ...declaration,
    config: withoutFileKeys(replaced(declaration.config) as Readonly<Record<string, unknown>>),
    url: declaration.url?.replaceAll(reference, 'elsewhere'),
  };
}

async function fill(name: string, value: unknown, key: string, places: SecretPlaces): Promise<unknown> {
  if (typeof value === 'string') {
    if (key in fileKeys) return await readSecret(name, key, 'file', value, places);
    return await fillText(name, value, key, places);
  }
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(
    async ([own, item]) => [own, await fill(name, item, own, places)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function fillText(name: string, text: string, key: string, places: SecretPlaces): Promise<string> {
  const found = await Promise.all(
    [...text.matchAll(reference)].map(async ([whole, kind, argument = '']) => {
      const secret = await readSecret(name, key, kind === 'file' ? 'file' : 'command', argument, places);
      // Within a URL a secret is a part of it, whatever letters it has.
      return whole === text || !text.includes('://') ? secret : encodeURIComponent(secret);
    }),
  );
  return text.replaceAll(reference, () => found.shift() ?? '');
}

async function readSecret(
  name: string,
  key: string,
  kind: 'file' | 'command',
  argument: string,
  places: SecretPlaces,
): Promise<string> {
  const text = await (kind === 'file'
    ? secretInFile(name, key, argument, places)
    : secretOfCommand(name, key, argument, places));
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') {
    throw new ConfigError(`connection ${name}: the ${kind} that ${key} names gives nothing`, {
      code: 'secret_empty',
    });
  }
  places.onSecret(secret);
  return secret;
}

async function secretInFile(name: string, key: string, path: string, places: SecretPlaces): Promise<string> {
  const absolute = resolve(
    places.projectFolder,
    path.trim().replace(/^~(?=\/)/, places.environment['HOME'] ?? '~'),
  );
  return readFile(absolute, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `connection ${name}: ${key} names the file ${absolute}, which cannot be read (${error.code})`,
      { code: 'secret_unreadable', next: 'Correct the path, or let this user read the file' },
    );
  });
}

async function secretOfCommand(
  name: string,
  key: string,
  command: string,
  { projectFolder, environment }: SecretPlaces,
): Promise<string> {
  if (environment[commandPermission] !== 'true') {
    throw new ConfigError(`connection ${name}: ${key} runs a command, which is not allowed here`, {
      code: 'commands_not_allowed',
      state: 'Nothing was run.',
      next: `Allow it: export ${commandPermission}=true; or use \${file:...} or an environment variable`,
    });
  }
  try {
    const options = { cwd: projectFolder, env: { ...environment }, timeout: commandTimeoutMs };
    return (await promisify(execFile)('/bin/sh', ['-c', command], options)).stdout;
  } catch (error) {
    const { code, killed } = error as { code?: number | string; killed?: boolean };
    const end = killed ? `took more than ${commandTimeoutMs / 1000} s` : `ended with ${code ?? 'a signal'}`;
    throw new TransientError(`connection ${name}: the command of ${key} ${end}`, {
      code: 'secret_command_failed',
      next: 'Run the command by hand; what it prints is not shown here, as it may be secret',
    });
  }
}

/** @throws ConfigError when both the key and its file are given */
function withoutFileKeys(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = { ...config };
  for (const [fileKey, key] of Object.entries(fileKeys)) {
    if (kept[fileKey] === undefined) continue;
    if (kept[key] !== undefined) {
      throw new ConfigError(`${key} and ${fileKey} are both given`, {
        code: 'connection_invalid',
        next: `Leave one of them out`,
      });
    }
    kept[key] = kept[fileKey];
    delete kept[fileKey];
  }
  return kept;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
