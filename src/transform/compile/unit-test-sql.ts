import type { RelationColumn } from '../context/template-database.ts';
import { cteName, createRelation, type Relation } from '../context/relation.ts';
import { nodeContext } from '../context/node-context.ts';
import type { Moment, ProjectScope } from '../context/render-scope.ts';
import { contextOf, fromJs, render, type TemplateObject, type Value } from '../jinja/index.ts';
import type {
  ModelNode,
  RefNode,
  SourceNode,
  TestNode,
  UnitRows,
  UnitTest,
} from '../manifest/transform-node.ts';
import { nodeTemplate } from '../reading/node-template.ts';
import { type Manifest, scopeOf } from '../reading/manifest.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { type CompiledSql, compiledFrom, concatSql } from './compiled-sql.ts';
import { type Cte, injectCtes } from './cte-injection.ts';
import { relationOf, resolvedScope } from './run-scope.ts';

export interface UnitTestParts {
  readonly manifest: Manifest;
  readonly node: TestNode;
  readonly body: UnitTest;
  readonly dialect: Dialect;
  readonly moment: Moment;
  /** Columns of a relation as the warehouse has it now. */
  columnsOf(node: RefNode | SourceNode): Promise<readonly RelationColumn[]>;
  /** Columns that a query gives. */
  columnsOfQuery(sql: string): Promise<readonly RelationColumn[]>;
}

/** The rows in which the model's answer to the given rows differs from the expected ones; `dbt_difference` says how. */
export async function unitTestSql(parts: UnitTestParts): Promise<CompiledSql> {
  const { body, dialect } = parts;
  const model = modelOf(parts);
  const actual = await actualSql(parts, model);
  const types = body.expect.sql === undefined ? await parts.columnsOfQuery(actual.sql) : [];
  const expected = rowsSql(dialect, body.expect, types, true);
  const names = body.expect.rows[0] === undefined ? '*' : listOf(dialect, Object.keys(body.expect.rows[0]));
  const compared = (what: string, left: string, right: string): string =>
    `select '${what}' as dbt_difference, d.* from (select * from ${left} except all select * from ${right}) as d`;
  return concatSql([
    'with dbt_actual as (\nselect ',
    `${names} from (\n`,
    actual,
    `\n) as answer\n), dbt_expected as (\n${expected}\n)\n`,
    `${compared('missing', 'dbt_expected', 'dbt_actual')}\nunion all\n${compared('unexpected', 'dbt_actual', 'dbt_expected')}`,
  ]);
}

function modelOf({ manifest, body }: UnitTestParts): ModelNode {
  const model = manifest.byId.get(body.model);
  if (model?.kind !== 'model') throw new TypeError(`${body.model} is no model`);
  return model;
}

/** What the model holds, as it is or as its first build would make it. */
async function ownColumns(parts: UnitTestParts, model: ModelNode): Promise<readonly RelationColumn[]> {
  const present = await parts.columnsOf(model);
  if (present.length > 0) return present;
  const first = await actualSql(parts, model, true);
  return await parts.columnsOfQuery(first.sql);
}

/** The model's query over the given rows; of its first build when `isFirst`. */
async function actualSql(parts: UnitTestParts, model: ModelNode, isFirst = false): Promise<CompiledSql> {
  const { manifest, body, dialect } = parts;
  const inputs = isFirst ? body.given.filter(({ input }) => input !== undefined) : body.given;
  const given = new Map(inputs.map((input) => [input.input, input]));
  const ctes: Cte[] = [];
  for (const [id, rows] of given) {
    const node = id === undefined ? model : manifest.byId.get(id);
    if (!node || node.kind === 'test') throw new TypeError(`${id} is no input`);
    const columns = id === undefined ? await ownColumns(parts, model) : await parts.columnsOf(node);
    const sql = rowsSql(dialect, rows, columns, false);
    ctes.push({ name: cteName(givenName(node, id === undefined)), compiled: { sql, parts: [] } });
  }
  const stand = (node: RefNode | SourceNode): Relation =>
    given.has(node.uniqueId)
      ? createRelation({ database: '', schema: '', identifier: cteName(givenName(node, false)) }, 'cte')
      : relationOf(node);
  const scope = overridden(scopeOf(manifest, model), body);
  const own = given.has(undefined)
    ? createRelation({ database: '', schema: '', identifier: cteName(givenName(model, true)) }, 'cte')
    : createRelation(model.relation);
  const resolved = resolvedScope(
    manifest,
    { home: model, model: { name: model.name }, relation: own, entries: model.entries },
    () => {},
    stand,
  );
  const isIncremental = !isFirst && body.overrides.macros['is_incremental'] === true;
  const context = nodeContext(scope, resolved, { ...parts.moment, isIncremental });
  const text = { segments: [] as Parameters<typeof compiledFrom>[1] };
  const sql = await render(nodeTemplate(model), contextOf(replacedMacros(body, context, isFirst), context), {
    onSegments: (segments) => {
      text.segments = segments;
    },
  });
  return injectCtes(compiledFrom(sql, text.segments, model.origin.file), ctes);
}

function givenName(node: RefNode | SourceNode, isThis: boolean): string {
  if (isThis) return `this__${node.name}`;
  const name = node.kind === 'source' ? `${node.sourceName}__${node.name}` : node.name;
  return node.dataset ? `${name}__${node.dataset.value}` : name;
}

function overridden(scope: ProjectScope, { overrides }: UnitTest): ProjectScope {
  return {
    ...scope,
    variables: { ...scope.variables, ...overrides.vars },
    environment: { ...scope.environment, ...overrides.environment },
  };
}

/** Macros that the test replaces by a value: `cents`, or `tools.cents` of a package. */
function replacedMacros(
  { overrides }: UnitTest,
  context: ReturnType<typeof nodeContext>,
  isFirst: boolean,
): Record<string, Value> {
  const found: Record<string, Value> = {};
  const ofPackages = new Map<string, Map<string, Value>>();
  for (const [name, value] of Object.entries(overrides.macros)) {
    const [macro = name, packageName] = name.split('.').reverse();
    if (isFirst && macro === 'is_incremental') continue;
    if (packageName === undefined) found[macro] = () => fromJs(value);
    else
      ofPackages.set(
        packageName,
        (ofPackages.get(packageName) ?? new Map()).set(macro, () => fromJs(value)),
      );
  }
  for (const [packageName, macros] of ofPackages) {
    const behind = context.lookup(packageName) as TemplateObject | undefined;
    found[packageName] = new ReplacedMacros(macros, behind);
  }
  return found;
}

/** A package some of whose macros are replaced. */
class ReplacedMacros implements TemplateObject {
  readonly #replaced: ReadonlyMap<string, Value>;
  readonly #behind: TemplateObject | undefined;

  constructor(replaced: ReadonlyMap<string, Value>, behind: TemplateObject | undefined) {
    this.#replaced = replaced;
    this.#behind = behind;
  }

  jinjaAttribute(name: string): Value | undefined {
    return this.#replaced.get(name) ?? this.#behind?.jinjaAttribute?.(name);
  }
}

/** Given rows as a query; every column of the relation is there with its type, unless only the named ones are wanted. */
function rowsSql(
  dialect: Dialect,
  { rows, sql }: UnitRows,
  columns: readonly RelationColumn[],
  isOnlyNamed: boolean,
): string {
  if (sql !== undefined) return sql;
  const types = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const [first = {}] = rows;
  const named = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const unnamed = columns.filter(
    ({ name }) => !named.some((other) => other.toLowerCase() === name.toLowerCase()),
  );
  const names =
    isOnlyNamed && Object.keys(first).length > 0 ? named : [...named, ...unnamed.map(({ name }) => name)];
  const select = (row: Readonly<Record<string, unknown>>): string =>
    names
      .map((name) => {
        const known = types.get(name.toLowerCase());
        return `${literal(row[name], known?.dataType)} as ${dialect.quote(known?.name ?? name)}`;
      })
      .join(', ');
  if (rows.length === 0) return `select ${select({})} where false`;
  return rows.map((row) => `select ${select(row)}`).join('\nunion all ');
}

function literal(value: unknown, type: string | undefined): string {
  const plain =
    value === null || value === undefined
      ? 'null'
      : typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
        ? String(value)
        : `'${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll("'", "''")}'`;
  return type === undefined ? plain : `cast(${plain} as ${type})`;
}

function listOf(dialect: Dialect, names: readonly string[]): string {
  return names.map((name) => dialect.quote(name)).join(', ');
}
