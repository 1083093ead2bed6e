import { z } from 'zod';
import { expandEnvironment, type Environment } from '../../config/environment.ts';
import { nearest } from '../../core/near-name.ts';
import { readYaml, type YamlFile } from '../../config/yaml-file.ts';
import { ConfigError, type MillraceError, ProjectError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import type { KnownConnection } from '../../load/index.ts';
import { findConnector, knownTypes, unsupportedTypes } from './connector-registry.ts';

/** A connection as declared, its secrets still inside: never print `config` or `url`. */
export interface ConnectionDeclaration {
  readonly name: string;
  /** The connector's own type, whatever alias was written. */
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** A URL to be taken apart by the connector, instead of or beside `config`. */
  readonly url: string | undefined;
  readonly origin: Origin;
  /** From a file of the user instead of the project: never taken for the warehouse unless it is named. */
  readonly shared?: true;
  /** Why a shared connection cannot be used; only those that use it care. */
  readonly problem?: MillraceError;
}

export const connectionsFileName = 'connections.yaml';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const fields = {
  connections: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.unknown())])).nullish(),
  variables: z.record(z.string(), scalar).nullish(),
};
const fileSchema = z.strictObject(fields);
/** Other tools keep more in the same file. */
const sharedSchema = z.looseObject(fields);
type ConnectionsFile = z.infer<typeof fileSchema>;
export type WrittenConnection = string | Readonly<Record<string, unknown>>;

/**
 * The connections of a text in the shape of Sling's `env.yaml`.
 * @param file as messages should show it
 * @throws ProjectError with all mistakes; those of one connection in a shared file stay with it
 */
export function parseConnections(
  text: string,
  file: string,
  environment: Environment,
  shared = false,
): readonly ConnectionDeclaration[] {
  const yaml: YamlFile<ConnectionsFile> = readYaml(text, file, shared ? sharedSchema : fileSchema);
  const variables: Record<string, string | undefined> = { ...environment };
  for (const [name, value] of Object.entries(yaml.value.variables ?? {}))
    variables[name] ??= String(value ?? '');

  const mistakes: MillraceError[] = [];
  const declarations = Object.entries(yaml.value.connections ?? {}).flatMap(([name, entry]) => {
    const origin = yaml.originOfKey(['connections', name]);
    const at = (key: string): Origin =>
      typeof entry === 'string' ? origin : yaml.originOf(['connections', name, key]);
    try {
      return [{ ...declare(name, entry, variables, origin, at), ...(shared ? { shared } : {}) }];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (shared) return [unusable(name, entry, origin, error)];
      mistakes.push(error);
      return [];
    }
  });
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  return declarations;
}

/**
 * What an entry of `connections:` says.
 * @param at place of one of its keys
 * @throws ConfigError
 */
export function declare(
  name: string,
  entry: WrittenConnection,
  variables: Environment,
  origin: Origin,
  at: (key: string) => Origin = () => origin,
): ConnectionDeclaration {
  const expanded: Record<string, unknown> =
    typeof entry === 'string'
      ? { url: expandEnvironment(entry, variables, origin) }
      : Object.fromEntries(
          Object.entries(entry).map(([key, value]) => [
            key,
            typeof value === 'string' ? expandEnvironment(value, variables, at(key)) : value,
          ]),
        );
  const { type, url, ...config } = expanded;
  const written = writtenType(type, url);
  if (written === undefined) {
    throw new ConfigError(`connection ${name} has neither a 'type' nor a 'url' that begins with one`, {
      code: 'connection_invalid',
      origin,
      next: `Add a type: ${knownTypes().join(', ')}`,
    });
  }
  return {
    name,
    type: knownType(name, written, typeof type === 'string' ? at('type') : origin),
    config: { ...config, ...(typeof url === 'string' && isAddressOnly(written) ? { url } : {}) },
    url: typeof url === 'string' && !isAddressOnly(written) ? url : undefined,
    origin,
  };
}

/** A connection that other tools can use and Millrace cannot: it is listed, and refused when it is used. */
export function unusable(
  name: string,
  entry: WrittenConnection,
  origin: Origin,
  problem: MillraceError,
): ConnectionDeclaration {
  const keys: Readonly<Record<string, unknown>> = typeof entry === 'string' ? { url: entry } : entry;
  const written = writtenType(keys['type'], keys['url']) ?? 'unknown';
  const known = findConnector(written)?.type ?? written;
  return { name, type: known, config: {}, url: undefined, origin, shared: true, problem };
}

function writtenType(type: unknown, url: unknown): string | undefined {
  if (typeof type === 'string') return type;
  return typeof url === 'string' ? urlScheme(url) : undefined;
}

/** For some systems a URL is an address to keep, not a DSN to take apart. */
function isAddressOnly(type: string): boolean {
  return findConnector(type)?.hasAddress === true;
}

function knownType(name: string, written: string, origin: Origin): string {
  const entry = findConnector(written);
  if (entry) return entry.type;
  const known = knownTypes();
  const alternative = unsupportedTypes.get(written.toLowerCase());
  if (alternative !== undefined) {
    throw new ConfigError(`connection ${name}: type '${written}' is not yet supported`, {
      code: 'connection_type_unsupported',
      origin,
      next: `${alternative}. Supported now: ${known.join(', ')}`,
    });
  }
  const near = nearest(written, known);
  throw new ConfigError(
    `connection ${name}: unknown type '${written}'${near ? `, did you mean '${near}'?` : ''}`,
    {
      code: 'connection_type_unknown',
      origin,
      next: `Known types: ${known.join(', ')}`,
    },
  );
}

export function urlScheme(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
}

/** What rooms may know of connections without opening them: nothing secret. */
export function knownConnections(
  declarations: ReadonlyMap<string, ConnectionDeclaration>,
): readonly KnownConnection[] {
  return [...declarations.values()].map(({ name, type, config }) => {
    const { roles, defaultSchema } = findConnector(type) ?? {};
    const schema = typeof config['schema'] === 'string' ? config['schema'] : defaultSchema;
    return {
      name,
      type,
      ...(roles ? { roles } : {}),
      ...(schema === undefined ? {} : { defaultSchema: schema }),
    };
  });
}
