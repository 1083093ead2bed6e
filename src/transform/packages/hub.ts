import { z } from 'zod';
import { ConfigError, TransientError } from '../../core/errors.ts';

/** One version of a package on the hub. */
export interface HubVersion {
  readonly tarball: string;
  /** Folder name under which it is installed. */
  readonly name: string;
}

export interface HubPackage {
  /** By version. */
  readonly versions: Readonly<Record<string, HubVersion>>;
  /** The name under which the package is to be found now, when it was moved. */
  readonly movedTo: string | undefined;
}

const usualHub = 'https://hub.getdbt.com';
const maxTries = 3;
const timeoutMs = 60_000;

const schema = z.looseObject({
  name: z.string(),
  redirectnamespace: z.string().nullish(),
  redirectname: z.string().nullish(),
  versions: z.record(
    z.string(),
    z.looseObject({ name: z.string(), downloads: z.looseObject({ tarball: z.string() }) }),
  ),
});

/** The address of the package hub: `DBT_PACKAGE_HUB_URL`, else dbt's. */
export function hubUrl(environment: Readonly<Record<string, string | undefined>>): string {
  return (environment['DBT_PACKAGE_HUB_URL'] ?? usualHub).replace(/\/+$/, '');
}

/** What the hub knows of a package such as `dbt-labs/dbt_utils`. Throws a ConfigError `package_missing`. */
export async function hubPackage(hub: string, name: string): Promise<HubPackage> {
  const response = await download(`${hub}/api/v1/${name}.json`);
  if (response.status === 404) {
    throw new ConfigError(`the package hub has no "${name}"`, {
      code: 'package_missing',
      next: `Look it up at ${hub}.`,
    });
  }
  const result = schema.safeParse(await response.json().catch(() => undefined));
  if (!result.success) {
    throw new TransientError(`the package hub gave no package for "${name}"`, {
      code: 'hub_answer_unreadable',
    });
  }
  const { versions, redirectnamespace, redirectname } = result.data;
  const [namespace = '', own = ''] = name.split('/');
  const moved = `${redirectnamespace ?? namespace}/${redirectname ?? own}`;
  return {
    versions: Object.fromEntries(
      Object.entries(versions).map(([version, item]) => [
        version,
        { tarball: item.downloads.tarball, name: item.name },
      ]),
    ),
    movedTo: moved === name ? undefined : moved,
  };
}

/** Fetches a URL; tries again when the other side cannot answer. Only "not found" is given back beside success. */
export async function download(url: string): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      if (response.ok || response.status === 404) return response;
      if (response.status < 500 && response.status !== 429) {
        throw new ConfigError(`${withoutSecrets(url)} answered ${response.status}`, {
          code: 'download_refused',
        });
      }
      if (attempt >= maxTries) {
        throw new TransientError(`${withoutSecrets(url)} answered ${response.status}`, {
          code: 'download_failed',
        });
      }
    } catch (cause) {
      if (cause instanceof ConfigError || cause instanceof TransientError) throw cause;
      if (attempt >= maxTries) {
        throw new TransientError(`${withoutSecrets(url)} cannot be reached`, {
          code: 'download_failed',
          cause,
        });
      }
    }
  }
}

/** A URL without user and password. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
