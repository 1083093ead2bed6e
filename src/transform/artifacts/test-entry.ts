import type { JsonObject, JsonValue } from '../../core/json.ts';
import { createRelation } from '../context/relation.ts';
import { fromJs, printed } from '../jinja/index.ts';
import { toJsonValue, plainText } from '../files/plain-value.ts';
import { aliasOf } from '../manifest/test-alias.ts';
import type { TestNode, TransformNode, UnitRows } from '../manifest/transform-node.ts';
import { testedModelText } from '../reading/test-identity.ts';
import { type Manifest, scopeOf } from '../reading/manifest.ts';
import type { ArtifactNode } from './artifact-node.ts';
import { configEntry, unrenderedConfig } from './config-entry.ts';
import { isJsonObject, listOf, objectOf, textOf } from './json-part.ts';
import { macroUses } from './macro-uses.ts';
import { callEntries, originalPath, patchPath, placeEntry } from './node-entry.ts';
import { macroIdOf } from '../context/macro-set.ts';
import { createHash } from 'node:crypto';

interface Given {
  readonly createdAtSeconds: number;
}

/** A generic or singular test in `nodes` of the manifest. */
export function testEntry(manifest: Manifest, node: TestNode, given: Given): ArtifactNode {
  const place = placeEntry(manifest, node);
  const configured = configEntry('test', node.entries);
  const own = objectOf(node.details.properties['config']);
  const isShort = isReadWithoutRendering(manifest, node);
  const tags = isShort ? without(configured['tags'], own['tags']) : listOf(configured['tags']);
  const config: JsonObject = { ...configured, ...severityEntry(isShort, own), tags };
  const alias = aliasOf(node);
  const isGeneric = node.body.sort === 'generic';
  const text = node.body.sort === 'singular' ? node.body.sql.trim() : '';
  return {
    ...place,
    ...(isGeneric ? { path: `${alias}.sql` } : {}),
    database: manifest.scope.databaseName,
    schema: node.auditSchema,
    name: node.name,
    resource_type: 'test',
    alias,
    checksum: isGeneric
      ? { name: 'none', checksum: '' }
      : { name: 'sha256', checksum: createHash('sha256').update(text).digest('hex') },
    config: isGeneric && alias !== node.name ? { ...config, alias: config['alias'] ?? alias } : config,
    tags: [
      ...new Set([...[...node.outerTags, ...listOf(own['tags']).map(String)].sort(), ...node.config.tags]),
    ],
    description: node.description,
    columns: {},
    meta: node.config.meta,
    group: groupOf(manifest, node) ?? null,
    docs: { show: true, node_color: null },
    patch_path: isGeneric ? null : patchPath(manifest, node),
    build_path: null,
    unrendered_config: {
      ...unrendered(node, alias),
      ...severityEntry(isShort, own),
      ...(isShort && own['tags'] !== undefined ? { tags } : {}),
    },
    created_at: given.createdAtSeconds,
    relation_name: node.failures ? createRelation(node.failures).toString() : null,
    raw_code: isGeneric ? rawGeneric(node) : text,
    language: 'sql',
    ...callEntries(node.details),
    depends_on: {
      macros: macrosOf(manifest, node),
      nodes: node.dependencies.map(({ uniqueId }) => uniqueId),
    },
    compiled_path: null,
    contract: { enforced: false, alias_types: true, checksum: null },
    ...genericEntries(manifest, node),
  };
}

/** A test belongs to the group of what it tests. */
function groupOf(manifest: Manifest, { body }: TestNode): JsonValue | undefined {
  const tested = body.sort === 'generic' ? manifest.byId.get(body.model) : undefined;
  return tested && toJsonValue(tested.entries.get('group')?.value);
}

function unrendered(node: TestNode, alias: string): JsonObject {
  return {
    ...(node.body.sort === 'generic' && alias !== node.name ? { alias } : {}),
    ...unrenderedConfig(node.entries),
  };
}

/** dbt reads `unique` and `not_null` without their macro: the severity is then in capitals, and tags are not in the configuration. */
function isReadWithoutRendering(manifest: Manifest, { body, ...node }: TestNode): boolean {
  if (body.sort !== 'generic') return false;
  const { macros } = scopeOf(manifest, { ...node, body });
  return (
    (body.test === 'unique' || body.test === 'not_null') &&
    macroIdOf(macros, undefined, `test_${body.test}`) === `macro.dbt.test_${body.test}`
  );
}

function severityEntry(isShort: boolean, { severity }: JsonObject): JsonObject {
  return isShort && typeof severity === 'string' ? { severity: severity.toUpperCase() } : {};
}

function without(all: JsonValue | undefined, some: JsonValue | undefined): readonly JsonValue[] {
  const left = new Set(listOf(some));
  return listOf(all).filter((item) => !left.has(item));
}

function genericEntries(manifest: Manifest, { body }: TestNode): JsonObject {
  if (body.sort !== 'generic') return {};
  const tested = manifest.byId.get(body.model);
  const [name = '', namespace] = body.test.split('.').toReversed();
  return {
    column_name: toJsonValue(body.arguments['column_name'] ?? null),
    file_key_name: tested
      ? `${keyOf(tested)}.${tested.kind === 'source' ? tested.sourceName : tested.name}`
      : null,
    attached_node: tested && tested.kind !== 'source' ? tested.uniqueId : null,
    test_metadata: {
      name,
      kwargs: {
        ...(toJsonValue(body.arguments) as JsonObject),
        ...(tested && tested.kind !== 'test' ? { model: testedModelText(tested) } : {}),
      },
      namespace: namespace ?? null,
    },
  };
}

function keyOf(node: TransformNode): string {
  return `${node.kind}s`;
}

/** dbt's order of what is configured for a generic test. */
const configOrder = [
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'meta',
  'database',
  'schema',
  'alias',
];

function rawGeneric(node: TestNode): string {
  if (node.body.sort !== 'generic') return '';
  const [name = '', namespace] = node.body.test.split('.').toReversed();
  const own = objectOf(node.details.properties['config']);
  const config = [...new Set([...configOrder, ...Object.keys(own)])].flatMap((key) =>
    own[key] === undefined ? [] : [[key, own[key]] as const],
  );
  const alias =
    aliasOf(node) === node.name || node.config.alias !== undefined ? [] : [['alias', aliasOf(node)]];
  const said = [...alias, ...config].map(([key = '', value = null]) => `${key}=${pythonLiteral(value)}`);
  const macro = namespace === undefined ? `test_${name}` : `${namespace}.test_${name}`;
  const call = `{{ ${macro}(**_dbt_generic_test_kwargs) }}`;
  return said.length === 0 ? call : `${call}{{ config(${said.join(',')}) }}`;
}

function pythonLiteral(value: JsonValue): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  return Array.isArray(value) ? printed(fromJs(value)) : JSON.stringify(value);
}

function macrosOf(manifest: Manifest, node: TestNode): readonly string[] {
  const { macros } = scopeOf(manifest, node);
  if (node.body.sort === 'singular') return macroUses(node.body.sql, macros);
  if (node.body.sort === 'unit') return [];
  const [name = '', namespace] = node.body.test.split('.').toReversed();
  const test = macroIdOf(macros, namespace, `test_${name}`);
  return [
    ...(test === undefined ? [] : [test]),
    ...(isReadWithoutRendering(manifest, node) ? [] : ['macro.dbt.get_where_subquery']),
  ];
}

/** An entry of `unit_tests`. */
export function unitTestEntry(manifest: Manifest, node: TestNode, given: Given): ArtifactNode {
  const { properties } = node.details;
  const place = placeEntry(manifest, node);
  const original = originalPath(manifest, node.packageName, node.origin.file);
  const { overrides } = properties;
  const body = node.body.sort === 'unit' ? node.body : undefined;
  const model = manifest.byId.get(body?.model ?? '');
  const version = model?.kind === 'model' ? (model.version ?? null) : null;
  const versions = isJsonObject(properties['versions'])
    ? { include: null, exclude: null, ...properties['versions'] }
    : null;
  const entry = {
    model: textOf(properties['model']) ?? '',
    given: listOf(properties['given']).map((item, index) => ({
      input: objectOf(item)['input'] ?? '',
      ...rowsEntry(item, body?.given[index]),
    })),
    expect: rowsEntry(properties['expect'], body?.expect),
    overrides: isJsonObject(overrides)
      ? { macros: {}, vars: {}, env_vars: {}, ...withoutNull(overrides) }
      : null,
  };
  return {
    ...place,
    path: original.slice(original.indexOf('/') + 1),
    name: node.name,
    resource_type: 'unit_test',
    ...entry,
    description: node.description,
    depends_on: { macros: [], nodes: node.dependencies.map(({ uniqueId }) => uniqueId) },
    config: { tags: [...node.config.tags], meta: node.config.meta, enabled: node.config.isEnabled },
    checksum: unitTestChecksum({ ...entry, versions }),
    schema: model && model.kind !== 'test' ? model.relation.schema : manifest.scope.targetSchema,
    created_at: given.createdAtSeconds,
    versions,
    version,
  };
}

/** As dbt computes it: of everything but the description, in Python's spelling. */
function unitTestChecksum(entry: {
  readonly model: string;
  readonly versions: JsonObject | null;
  readonly given: readonly JsonObject[];
  readonly expect: JsonObject;
  readonly overrides: JsonObject | null;
}): string {
  const python = (value: JsonValue | undefined): string => printed(fromJs([value ?? null])).slice(1, -1);
  const rowsText = ({ rows, format, fixture }: JsonObject): string => {
    const word = plainText(format);
    const member = word === 'csv' || word === 'sql' ? word.toUpperCase() : 'Dict';
    return `rows=${python(rows)}, format=<UnitTestFormat.${member}: '${word}'>, fixture=${python(fixture)}`;
  };
  const given = entry.given.map(
    (item) => `UnitTestInputFixture(input=${python(item['input'])}, ${rowsText(item)})`,
  );
  const { overrides } = entry;
  const overridesText = overrides
    ? `UnitTestOverrides(macros=${python(overrides['macros'])}, vars=${python(overrides['vars'])}, env_vars=${python(overrides['env_vars'])})`
    : 'None';
  const { versions } = entry;
  const versionsText = versions
    ? `UnitTestNodeVersions(include=${python(versions['include'])}, exclude=${python(versions['exclude'])})`
    : 'None';
  const fixtures = entry.given
    .filter(({ fixture }) => fixture !== null)
    .map(({ rows }) => `-${python(rows)}`);
  const text = `${entry.model}-${versionsText}-[${given.join(', ')}]-UnitTestOutputFixture(${rowsText(entry.expect)})-${overridesText}`;
  return createHash('sha256')
    .update(text + fixtures.join(''))
    .digest('hex');
}

function rowsEntry(written: JsonValue | undefined, read: UnitRows | undefined): JsonObject {
  const entry = objectOf(written);
  const format = typeof entry['format'] === 'string' ? entry['format'] : 'dict';
  const rows = entry['rows'] ?? (read ? toJsonValue(read.rows) : []);
  return { rows, format, fixture: entry['fixture'] ?? null };
}

function withoutNull(record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
