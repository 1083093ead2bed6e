import { ConfigError } from '../core/errors.ts';
import { nearest } from '../core/near-name.ts';
import type { Origin } from '../core/origin.ts';

/** A name that no connection has: says which there are. A URL in its place is not repeated: it may hold a password. */
export function connectionMissing(name: string, known: readonly string[], origin?: Origin): ConfigError {
  const place = origin ? { origin } : {};
  if (name.includes('://')) {
    return new ConfigError('there is a URL where the name of a connection is expected', {
      code: 'connection_missing',
      ...place,
      next: 'Put the URL into an environment variable, such as SHOP=<url>, and name that: SHOP',
    });
  }
  const near = nearest(name, known);
  const list = known.length > 0 ? `Known connections: ${known.join(', ')}. ` : '';
  return new ConfigError(`there is no connection '${name}'${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'connection_missing',
    ...place,
    next: `${list}Add '${name}' to connections.yaml, or set ${name}=<url> in the environment`,
  });
}
