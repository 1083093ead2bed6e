import { expandEnvironment, type Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { HookSettings } from '../../server/index.ts';
import type { WebhookDefinition } from './definition.ts';

const usualBodyBytes = 65_536;
const largestBodyBytes = 1_048_576;
const usualToleranceSeconds = 300;
const shortestToken = 16;

export interface DefinedWebhook {
  readonly definition: WebhookDefinition;
  /** Path relative to the project's folder. */
  readonly file: string;
}

/** @throws ConfigError for a webhook that anybody could call, or nobody */
export function checkWebhook({ definition, file }: DefinedWebhook): void {
  const { name, select, secret, token, signature, origins = [], maxBodyBytes = usualBodyBytes } = definition;
  const mistake = (what: string, next: string): ConfigError =>
    new ConfigError(`webhook ${name}: ${what}`, { code: 'webhook_invalid', origin: { file }, next });
  if (typeof name !== 'string' || !/^[\w-]+$/.test(name))
    throw mistake('its name is part of an address', 'Use letters, digits, _ and -.');
  if (typeof select !== 'string')
    throw mistake("it does not say what to run: 'select' is missing", "Write select: 'task/retrain+'.");
  if ((secret === undefined) === (token === undefined))
    throw mistake("it needs either 'secret' or 'token'", "Write secret: '${HOOK_SECRET}'.");
  if (signature !== undefined && secret === undefined)
    throw mistake("'signature' does nothing without 'secret'", "Write secret: '${HOOK_SECRET}'.");
  if (origins.length > 0 && token === undefined)
    throw mistake("'origins' needs 'token'", 'A page cannot keep the secret that signs.');
  if (origins.some((origin) => URL.parse(origin)?.origin !== origin))
    throw mistake(`'origins' holds what is no origin`, 'Write https://ml.example.com, without a path.');
  if (!(maxBodyBytes > 0 && maxBodyBytes <= largestBodyBytes))
    throw mistake(`maxBodyBytes is ${maxBodyBytes}`, `It has to be from 1 to ${largestBodyBytes}.`);
}

/** What no message may hold. One that is not set yet is said when the webhook is called. */
export function hookSecrets(
  webhooks: readonly DefinedWebhook[],
  environment: Environment,
): readonly string[] {
  return webhooks.flatMap(({ definition, file }) =>
    [definition.secret, definition.token].flatMap((written) => {
      if (written === undefined) return [];
      try {
        return [expandEnvironment(written, environment, { file })];
      } catch {
        return [];
      }
    }),
  );
}

/**
 * With the environment's values filled in.
 * @throws ConfigError when one is missing, or too short to be a secret
 */
export function hookSettings({ definition, file }: DefinedWebhook, environment: Environment): HookSettings {
  const filled = (key: 'secret' | 'token'): string | undefined => {
    const written = definition[key];
    if (written === undefined) return undefined;
    const value = expandEnvironment(written, environment, { file });
    if (value.length >= shortestToken) return value;
    throw new ConfigError(
      `webhook ${definition.name}: its ${key} has fewer than ${shortestToken} characters`,
      {
        code: 'webhook_invalid',
        origin: { file },
        next: 'Make one: openssl rand -hex 32',
      },
    );
  };
  return {
    name: definition.name,
    secret: filled('secret'),
    signature: definition.signature ?? 'timestamp',
    toleranceSeconds: definition.toleranceSeconds ?? usualToleranceSeconds,
    token: filled('token'),
    origins: definition.origins ?? [],
    maxBodyBytes: definition.maxBodyBytes ?? usualBodyBytes,
  };
}
