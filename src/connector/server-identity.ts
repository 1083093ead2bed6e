import type { TunnelledEnd } from './tunnelled-end.ts';

/** Who and where, without the password: as the config names it, or by the far end of its tunnel. */
export interface ServerIdentity {
  readonly connection: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string | undefined;
  readonly tunnel?: TunnelledEnd;
}

interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database?: string | undefined;
}

/** @param connection its name */
export function serverIdentity(
  connection: string,
  { host, port, user, database }: ServerConfig,
  tunnel: TunnelledEnd | undefined,
): ServerIdentity {
  return { connection, host, port: tunnel?.port ?? port, user, database, ...(tunnel ? { tunnel } : {}) };
}
