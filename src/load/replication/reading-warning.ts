import type { UnknownKey } from '../../config/unknown-keys.ts';
import type { Origin } from '../../core/origin.ts';

/** Something in a file that is passed over, as Sling does, and that its author should know of. */
export interface ReadingWarning {
  readonly message: string;
  readonly origin: Origin;
}

/** Takes what is found while a file is read. */
export type TellWarning = (warning: ReadingWarning) => void;

/** @param where the part of the file, such as `hooks.end[2]`, when the place alone does not tell */
export function ignoredKey({ key, near }: UnknownKey, origin: Origin, where?: string): ReadingWarning {
  const part = where === undefined ? '' : `${where}: `;
  const said = near === undefined ? 'it is ignored' : `did you mean '${near}'? It is ignored`;
  return { message: `${part}unknown key '${key}', ${said}`, origin };
}
