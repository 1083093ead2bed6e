import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { isJsonRecord } from './plain-value.ts';
import type { Mistakes } from './mistakes.ts';
import { didYouMean } from './suggestion.ts';
import { shapeYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

/** One output of a profile: where a dbt project is built. */
export interface ProfileTarget {
  readonly profile: string;
  readonly target: string;
  /** dbt's adapter type, such as `duckdb`. */
  readonly type: string;
  readonly schema: string | undefined;
  readonly threads: number | undefined;
  /** Everything that is written there, rendered; it holds secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

const profile = z.looseObject({
  target: z.string().optional(),
  outputs: z.record(z.string(), z.looseObject({ type: z.string() })),
});

/**
 * The wanted output of a `profiles.yml`. `render` gives the value of a text that is a template. Throws a ConfigError
 * `profile_missing` or `target_missing`.
 */
export function chooseTarget(
  yaml: YamlFile,
  wanted: { readonly profile: string; readonly target: string | undefined },
  render: (text: string, path: YamlPath) => unknown,
  mistakes: Mistakes,
): ProfileTarget | undefined {
  const file = isJsonRecord(yaml.value) ? yaml.value : {};
  const names = Object.keys(file).filter((name) => name !== 'config');
  const written = file[wanted.profile];
  if (written === undefined) {
    throw new ConfigError(`there is no profile "${wanted.profile}"${didYouMean(wanted.profile, names)}`, {
      code: 'profile_missing',
      origin: { file: yaml.file },
      next: names.length === 0 ? 'Write one.' : `There are: ${names.join(', ')}.`,
    });
  }
  const head = isJsonRecord(written)
    ? { ...written, target: rendered(written['target'], render, [wanted.profile, 'target']) }
    : written;
  const raw = shapeYaml(yaml, head, profile, mistakes, [wanted.profile]);
  if (!raw) return undefined;
  const target = wanted.target ?? raw.target ?? 'default';
  const output = raw.outputs[target];
  const path = [wanted.profile, 'outputs', target];
  if (!output) {
    const known = Object.keys(raw.outputs);
    throw new ConfigError(
      `the profile "${wanted.profile}" has no target "${target}"${didYouMean(target, known)}`,
      {
        code: 'target_missing',
        origin: yaml.locate([wanted.profile, 'outputs']),
        next: `There are: ${known.join(', ')}.`,
      },
    );
  }
  const settings = rendered(output, render, path) as Readonly<Record<string, unknown>>;
  return {
    profile: wanted.profile,
    target,
    type: String(settings['type']),
    schema: typeof settings['schema'] === 'string' ? settings['schema'] : undefined,
    threads:
      Number.isInteger(Number(settings['threads'])) && Number(settings['threads']) > 0
        ? Number(settings['threads'])
        : undefined,
    settings,
    origin: yaml.locate(path),
  };
}

function rendered(
  value: unknown,
  render: (text: string, path: YamlPath) => unknown,
  path: YamlPath,
): unknown {
  if (typeof value === 'string') return render(value, path);
  if (Array.isArray(value)) return value.map((item, index) => rendered(item, render, [...path, index]));
  if (!isJsonRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, rendered(item, render, [...path, key])]),
  );
}
