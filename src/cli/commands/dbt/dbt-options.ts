import { parse } from 'yaml';
import { ConfigError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { pyYamlTags } from '../../../transform/index.ts';

/** Flags of dbt as the command line gives them. */
export interface DbtFlags {
  readonly select?: readonly string[];
  readonly models?: readonly string[];
  readonly exclude?: readonly string[];
  readonly selector?: string;
  readonly resourceType?: readonly string[];
  readonly excludeResourceType?: readonly string[];
  readonly indirectSelection?: string;
  readonly vars?: string;
  readonly target?: string;
  readonly profile?: string;
  readonly projectDir?: string;
  readonly profilesDir?: string;
  readonly targetPath?: string;
  readonly threads?: number;
  readonly fullRefresh?: boolean;
  readonly failFast?: boolean;
  readonly defer?: boolean;
  readonly state?: string;
  readonly deferState?: string;
  readonly favorState?: boolean;
  readonly empty?: boolean;
  readonly storeFailures?: boolean;
  readonly eventTimeStart?: string;
  readonly eventTimeEnd?: string;
  readonly warnError?: boolean;
  readonly warnErrorOptions?: string;
  readonly sample?: string;
  readonly executor?: 'millrace' | 'dbt';
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly writeJson?: boolean;
}

/** The flags with what dbt's environment variables say where a flag does not. */
export function withEnvironment<Flags extends DbtFlags>(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
): Flags {
  const text = (name: string): string | undefined => environment[`DBT_${name}`] || undefined;
  const flag = (name: string): boolean | undefined => {
    const value = text(name)?.toLowerCase();
    return value === undefined ? undefined : ['1', 'true', 't', 'yes', 'y', 'on'].includes(value);
  };
  const said = {
    target: text('TARGET'),
    profile: text('PROFILE'),
    projectDir: text('PROJECT_DIR'),
    profilesDir: text('PROFILES_DIR'),
    targetPath: text('TARGET_PATH'),
    state: text('STATE'),
    deferState: text('DEFER_STATE'),
    indirectSelection: text('INDIRECT_SELECTION'),
    warnErrorOptions: text('WARN_ERROR_OPTIONS'),
    defer: flag('DEFER'),
    favorState: flag('FAVOR_STATE'),
    fullRefresh: flag('FULL_REFRESH'),
    failFast: flag('FAIL_FAST'),
    storeFailures: flag('STORE_FAILURES'),
    warnError: flag('WARN_ERROR'),
    quiet: flag('QUIET'),
  };
  const defined = Object.entries(said).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(defined) as Partial<Flags>), ...flags };
}

/** The flags with those of `flags:` in `dbt_project.yml` that nobody has said. */
export function withProjectFlags<Flags extends DbtFlags>(flags: Flags, said: JsonObject): Flags {
  const {
    fail_fast: failFast,
    warn_error: warnError,
    warn_error_options: options,
    indirect_selection: mode,
  } = said;
  const known: DbtFlags = {
    ...(typeof failFast === 'boolean' ? { failFast } : {}),
    ...(typeof warnError === 'boolean' ? { warnError } : {}),
    ...(typeof options === 'object' && options !== null ? { warnErrorOptions: JSON.stringify(options) } : {}),
    ...(typeof mode === 'string' ? { indirectSelection: mode } : {}),
  };
  return { ...known, ...flags };
}

/** `--vars` and `--args`: a map in YAML or JSON. */
export function readMap(text: string | undefined, flag: string): JsonObject {
  if (text === undefined || text.trim() === '') return {};
  let value: unknown;
  try {
    value = parse(text, { version: '1.1', customTags: pyYamlTags });
  } catch (cause) {
    throw new ConfigError(`${flag} is not valid YAML: ${(cause as Error).message.split('\n', 1)[0]}`, {
      code: 'flag_invalid',
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${flag} is a map, such as '{key: value}'`, { code: 'flag_invalid' });
  }
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** Several uses of a flag, each with one or more values that may also be separated by blanks. */
export function words(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.split(/\s+/)).filter((word) => word !== '');
}
