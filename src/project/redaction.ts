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

/** Values of a connection that must not be shown: those under telling keys, and a URL's password. */
export function secretsOf(config: Readonly<Record<string, unknown>>, url: string | undefined): string[] {
  const secrets = Object.entries(config).flatMap(([key, value]) => {
    if (typeof value === 'string' && secretKey.test(key)) return [value];
    if (typeof value === 'object' && value !== null)
      return secretsOf(value as Record<string, unknown>, undefined);
    return [];
  });
  for (const candidate of [url, config['url']]) {
    if (typeof candidate !== 'string') continue;
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:([^@/]*)@/i.exec(candidate)?.[1];
    if (password) secrets.push(password, safeDecode(password));
  }
  return secrets;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
