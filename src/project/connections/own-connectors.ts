import { join } from 'node:path';
import { type Connector, hasUrl } from '../../connector/connector.ts';
import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../../core/near-name.ts';
import { connectorEntries, type ConnectorEntry } from './connector-registry.ts';
import { Mistakes } from '../settings/mistakes.ts';
import { filesBelow } from '../settings/project-files.ts';
import { importUserModule } from '../settings/user-modules.ts';

const folder = 'connectors';
const knownRoles = ['source', 'target', 'database', 'http'] as const;
const next =
  'Write: export default defineConnector({ type: ..., roles: [...], config: z.strictObject({ ... }), open })';

/**
 * The connectors of a project: the default exports of the files in `connectors/`. Files in folders below it are theirs
 * to import and are not read by themselves.
 * @throws ProjectError naming each file that is none, and each type that is taken
 */
export async function readOwnConnectors(projectFolder: string): Promise<readonly ConnectorEntry[]> {
  const mistakes = new Mistakes();
  const names = new Map(
    connectorEntries.flatMap(({ type, aliases }) => [type, ...aliases].map((name) => [name, 'Millrace'])),
  );
  const entries: ConnectorEntry[] = [];
  const files = await filesBelow(projectFolder, folder, ['.ts', '.js', '.mjs']);
  for (const file of files.filter((name) => isConnectorFile(name))) {
    await mistakes.collect(async () => {
      const module = await importUserModule(join(projectFolder, file), projectFolder);
      const entry = entryOf(checkedConnector(module['default'], file));
      for (const name of [entry.type, ...entry.aliases]) {
        const owner = names.get(name);
        if (owner !== undefined) throw nameTaken(name, owner, file);
        names.set(name, file);
      }
      entries.push(entry);
    });
  }
  mistakes.throwIfAny();
  return entries;
}

function isConnectorFile(path: string): boolean {
  return path.split('/').length === 2 && !/\.(test|d)\.\w+$/.test(path);
}

function entryOf(connector: Connector): ConnectorEntry {
  const { type, aliases, roles = [], defaultSchema } = connector;
  return {
    type,
    aliases,
    roles,
    ...(defaultSchema === undefined ? {} : { defaultSchema }),
    ...(hasUrl(connector) ? {} : { hasAddress: true }),
    load: async () => connector,
  };
}

/** @throws ConfigError saying which part is missing */
function checkedConnector(value: unknown, file: string): Connector {
  if (typeof value !== 'object' || value === null)
    throw invalid(file, value === undefined ? 'has no default export' : 'exports no connector by default');
  const connector = value as Partial<Connector>;
  const { type, aliases, config, open, roles, defaultSchema } = connector;
  if (typeof type !== 'string' || !/^[a-z][a-z0-9_]*$/.test(type))
    throw invalid(file, `type: ${JSON.stringify(type)} is no name of small letters, digits and '_'`);
  if (!Array.isArray(aliases) || typeof connector.parseUrl !== 'function')
    throw invalid(file, 'the connector was not made by defineConnector');
  if (typeof config?.safeParse !== 'function') throw invalid(file, 'config: is no schema of zod');
  if (typeof open !== 'function') throw invalid(file, 'open: is no function');
  if (!roles || roles.length === 0)
    throw invalid(file, `roles: is missing; it says what connections can do: ${knownRoles.join(', ')}`);
  const wrong = roles.find((role) => !knownRoles.includes(role));
  if (wrong !== undefined) {
    const hint = didYouMean(wrong, [...knownRoles]);
    throw invalid(file, `roles: there is no role '${wrong}'${hint === undefined ? '' : `; ${hint}`}`);
  }
  if (roles.includes('database') && defaultSchema === undefined)
    throw invalid(file, 'defaultSchema: is missing; a database needs a schema for tables without one');
  return connector as Connector;
}

function invalid(file: string, what: string): ConfigError {
  return new ConfigError(what, { code: 'connector_invalid', origin: { file }, next });
}

function nameTaken(name: string, owner: string, file: string): ConfigError {
  return new ConfigError(`the type '${name}' is already that of ${owner}`, {
    code: 'connector_type_taken',
    origin: { file },
    next: 'Choose another type or alias',
  });
}
