import type { MillraceError } from '../core/errors.ts';

/** The far end of a tunnel, where a config names the near end, which nobody knows. */
export interface TunnelledEnd {
  readonly port: number;
  /** Who opens the way, such as `me@jump:22`; without secrets. */
  readonly through: string;
  /** Why the last attempt to go through it failed; undefined when it did not. */
  failure(): MillraceError | undefined;
}

/** What a message says behind the name of a server. */
export function throughText(tunnel: TunnelledEnd | undefined): string {
  return tunnel ? ` through the SSH server ${tunnel.through}` : '';
}
