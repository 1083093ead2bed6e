import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { expandEnvironment, type Environment } from '../config/environment.ts';
import { nearest } from '../core/near-name.ts';
import { readYaml, type YamlFile } from '../config/yaml-file.ts';
import { ConfigError, type MillraceError, ProjectError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import type { KnownConnection } from '../load/index.ts';
import { readText } from './project-files.ts';
import { findConnector, knownTypes, unsupportedTypes } from './connector-registry.ts';

/** A connection as declared, its secrets still inside: never print `config`. */
export interface ConnectionDeclaration {
  readonly name: string;
  /** The connector's own type, whatever alias was written. */
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** A URL to be taken apart by the connector, instead of or beside `config`. */
  readonly url: string | undefined;
  readonly origin: Origin;
}

export const connectionsFileName = 'connections.yaml';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const fileSchema = z.strictObject({
  connections: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.unknown())])).default({}),
  variables: z.record(z.string(), scalar).optional(),
});
type ConnectionsFile = z.infer<typeof fileSchema>;

/**
 * Connections of a project: those of `connections.yaml`, then every environment variable whose
 * value is a URL of a known system; the environment wins, as in Sling.
 * @throws ProjectError with all mistakes
 */
export async function readConnections(
  projectFolder: string,
  environment: Environment,
): Promise<ReadonlyMap<string, ConnectionDeclaration>> {
  const declarations = new Map<string, ConnectionDeclaration>();
  const mistakes: MillraceError[] = [];
  const file = await readConnectionsFile(projectFolder);
  const variables: Record<string, string | undefined> = { ...environment };
  for (const [name, value] of Object.entries(file?.value.variables ?? {}))
    variables[name] ??= String(value ?? '');

  for (const [name, entry] of Object.entries(file?.value.connections ?? {})) {
    try {
      if (file) declarations.set(name.toUpperCase(), declare(name, entry, file, variables));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      mistakes.push(error);
    }
  }
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  for (const found of environmentConnections(environment)) {
    const declared = declarations.get(found.name.toUpperCase());
    declarations.set(found.name.toUpperCase(), { ...found, name: declared?.name ?? found.name });
  }
  return declarations;
}

async function readConnectionsFile(projectFolder: string): Promise<YamlFile<ConnectionsFile> | undefined> {
  const present = await access(join(projectFolder, connectionsFileName)).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (!present) return undefined;
  return readYaml(await readText(projectFolder, connectionsFileName), connectionsFileName, fileSchema);
}

function declare(
  name: string,
  entry: string | Record<string, unknown>,
  file: YamlFile<ConnectionsFile>,
  variables: Environment,
): ConnectionDeclaration {
  const origin = file.originOfKey(['connections', name]);
  const at = (key: string): Origin => file.originOf(['connections', name, key]);
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
  const written = typeof type === 'string' ? type : typeof url === 'string' ? urlScheme(url) : undefined;
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

function environmentConnections(environment: Environment): ConnectionDeclaration[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    const scheme = value === undefined ? undefined : urlScheme(value);
    const entry = scheme === undefined || scheme.startsWith('http') ? undefined : findConnector(scheme);
    if (!entry || entry.type === 'file' || value === undefined) return [];
    return [
      { name, type: entry.type, config: {}, url: value, origin: { file: `environment variable ${name}` } },
    ];
  });
}

function urlScheme(url: string): string | undefined {
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
