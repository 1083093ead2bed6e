import { createHash } from 'node:crypto';
import type { JsonObject } from '../../core/json.ts';

/** The version of dbt whose artifacts these are, which tools look at. */
export const artifactDbtVersion = '1.9.11';

/** What every artifact of one invocation has in common. */
export interface Invocation {
  readonly id: string;
  readonly atMs: number;
  /** Variables of the environment that begin with `DBT_ENV_CUSTOM_ENV_`, without that. */
  readonly environment: Readonly<Record<string, string>>;
}

/** `metadata` of the artifact `name`, such as `manifest/v12`. */
export function artifactMetadata(name: string, invocation: Invocation): JsonObject {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${name}.json`,
    dbt_version: artifactDbtVersion,
    generated_at: timeText(invocation.atMs),
    invocation_id: invocation.id,
    env: invocation.environment,
  };
}

/** A time as dbt writes it: UTC, with microseconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/Z$/, '000Z');
}

/** dbt's id of a project. */
export function projectId(name: string): string {
  return createHash('md5').update(name).digest('hex');
}
