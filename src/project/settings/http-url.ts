import { ConfigError } from '../../core/errors.ts';
import { configFileName } from './config-file.ts';

/** @throws ConfigError that names the key only: an address may hold a secret */
export function httpUrl(key: string, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href;
  throw new ConfigError(`'${key}' is not an http or https address`, {
    code: 'config_invalid',
    origin: { file: configFileName },
  });
}
