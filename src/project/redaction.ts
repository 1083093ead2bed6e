/**
 * Replaces secrets wherever they may have slipped into a text: the last line of defence after
 * connectors, which keep them out of their messages.
 */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
  // Very short values would blank out ordinary words.
  const wanted = [...new Set([...secrets].flatMap((secret) => [secret, encodeURIComponent(secret)]))]
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length);
  if (wanted.length === 0) return (text) => text;
  const pattern = new RegExp(wanted.map((secret) => RegExp.escape(secret)).join('|'), 'g');
  return (text) => text.replace(pattern, '***');
}

const secretKey = /pass|secret|token|private|api_?key|credential|authorization/i;

/** Values of a connection that must not be shown: those under telling keys, and passwords in URLs. */
export function secretsOf(config: unknown, url?: string, key = ''): string[] {
  const inUrl = url === undefined ? [] : passwordIn(url);
  if (typeof config === 'string')
    return [...inUrl, ...passwordIn(config), ...(secretKey.test(key) ? [config] : [])];
  if (typeof config !== 'object' || config === null) return inUrl;
  return [...inUrl, ...Object.entries(config).flatMap(([name, value]) => secretsOf(value, undefined, name))];
}

function passwordIn(url: string): string[] {
  const strict = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^@/]*)@/i.exec(url)?.[1];
  // A password that was not encoded, with / or # or @ in it: everything up to the last @.
  const loose = /^[a-z][a-z0-9+.-]*:\/\/[^:/?#@]*:(.*)@/is.exec(url)?.[1];
  return [strict, loose].flatMap((password) => (password ? [password, safeDecode(password)] : []));
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
