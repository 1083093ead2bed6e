import { expandEnvironment, type Environment } from '../../config/environment.ts';
import type { YamlFile, YamlPath } from '../../config/yaml-file.ts';

/**
 * A part of a file with the variables of the environment filled in, in all its texts.
 * @throws ConfigError with the line of a variable that is not set
 */
export function expandStrings(
  value: unknown,
  path: YamlPath,
  environment: Environment,
  yaml: Pick<YamlFile<unknown>, 'originOf'>,
): unknown {
  if (typeof value === 'string') return expandEnvironment(value, environment, yaml.originOf(path));
  if (Array.isArray(value))
    return value.map((item, index) => expandStrings(item, [...path, index], environment, yaml));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandStrings(item, [...path, key], environment, yaml)]),
  );
}
