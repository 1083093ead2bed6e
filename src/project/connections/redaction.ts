import type { MillraceError } from '../../core/errors.ts';

/**
 * Replaces secrets wherever they may have slipped into a text: the last line of defence after
 * connectors, which keep them out of their messages.
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | undefined;

  constructor(secrets: Iterable<string> = []) {
    this.add(secrets);
  }

  /** Secrets that were found out later, such as those that a command gave. */
  add(secrets: Iterable<string>): void {
    for (const secret of secrets) {
      // Very short values would blank out ordinary words.
      for (const form of [secret, encodeURIComponent(secret)]) if (form.length >= 4) this.#secrets.add(form);
    }
    const wanted = [...this.#secrets].sort((a, b) => b.length - a.length);
    this.#pattern =
      wanted.length === 0
        ? undefined
        : new RegExp(wanted.map((secret) => RegExp.escape(secret)).join('|'), 'g');
  }

  redact = (text: string): string => (this.#pattern ? text.replace(this.#pattern, '***') : text);
}

const secretKey = /pass|secret|token|private|api_?key|credential|authorization/i;

/** `${file:...}` and `${command:...}` say where a secret is; they are none. */
const reference = /^\$\{(file|command):[^}]+\}$/;

/** Values of a connection that must not be shown: those under telling keys, passwords in URLs, private keys. */
export function secretsOf(config: unknown, url?: string, key = ''): string[] {
  const inUrl = url === undefined ? [] : passwordIn(url);
  if (typeof config === 'string') {
    const isSecret = secretKey.test(key) && !key.endsWith('_file') && !reference.test(config);
    return [...inUrl, ...passwordIn(config), ...linesOfKey(config), ...(isSecret ? [config] : [])];
  }
  if (typeof config !== 'object' || config === null) return inUrl;
  return [...inUrl, ...Object.entries(config).flatMap(([name, value]) => secretsOf(value, undefined, name))];
}

/** A private key may be cut into its lines on the way. */
function linesOfKey(text: string): string[] {
  return text.includes('PRIVATE KEY-----')
    ? text.split(/\s*\n\s*/).filter((line) => line !== '' && !line.startsWith('-----'))
    : [];
}

function passwordIn(url: string): string[] {
  const strict = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^@/]*)@/i.exec(url)?.[1];
  // A password that was not encoded, with / or # or @ in it: everything up to the last @.
  const loose = /^[a-z][a-z0-9+.-]*:\/\/[^:/?#@]*:(.*)@/is.exec(url)?.[1];
  const parameters = /^[a-z][a-z0-9+.-]*:\/\//i.test(url)
    ? [...url.matchAll(/[?&]([^=&#]+)=([^&#]*)/g)].flatMap(([, name = '', value]) =>
        secretKey.test(name) ? [value] : [],
      )
    : [];
  return [strict, loose, ...parameters].flatMap((secret) => (secret ? [secret, safeDecode(secret)] : []));
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The error itself, with its texts redacted. */
export function redactedError(error: MillraceError, redact: (text: string) => string): MillraceError {
  const { message, state, next } = error;
  return Object.assign(error, {
    message: redact(message),
    ...(state === undefined ? {} : { state: redact(state) }),
    ...(next === undefined ? {} : { next: redact(next) }),
  });
}
