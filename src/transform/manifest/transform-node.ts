import type { JsonObject } from '../../core/json.ts';
import type { ColumnDoc, NodeKey } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import type { ConfigEntries } from './config-layer.ts';
import type { Home } from './dataset.ts';
import type { NodeConfig } from './node-config.ts';
import type { SnapshotConfig } from './snapshot-config.ts';

/** A table or view by its three names. `database` is empty where names have two parts. */
export interface RelationName {
  readonly database: string;
  readonly schema: string;
  readonly identifier: string;
  /** Parts that the project does not want quoted where templates print the name. */
  readonly bare?: readonly NamePart[];
  /** What templates print instead of the name: files, or a call of a table function. */
  readonly external?: string;
}

export type NamePart = 'database' | 'schema' | 'identifier';

/** An upstream node, found while the template was rendered without a database. */
export interface Dependency {
  readonly uniqueId: string;
  readonly origin: Origin;
}

/** What a node is described by beside its configuration, for artifacts, selections and documentation. */
export interface NodeDetails {
  /** Its entry in a property file, Jinja rendered; empty where there is none. */
  readonly properties: JsonObject;
  /** The property file that has the entry; relative to the Millrace project. */
  readonly propertyFile: string | undefined;
  /** `ref()` calls in the order in which the template makes them. */
  readonly refs: readonly RefArguments[];
  /** `source()` calls: source and table. */
  readonly sources: readonly (readonly [string, string])[];
  /** `metric()` calls: a name, or a package and a name. */
  readonly metrics: readonly (readonly string[])[];
}

export interface RefArguments {
  readonly name: string;
  readonly packageName: string | undefined;
  readonly version: string | number | undefined;
}

interface NodeBase extends Home {
  /** dbt's id, such as `model.shop.orders`. */
  readonly uniqueId: string;
  /** The node's key in Millrace's graph. */
  readonly key: NodeKey;
  readonly name: string;
  readonly origin: Origin;
  readonly description: string;
  /** `[project, ...folders, name]` */
  readonly fqn: readonly string[];
  readonly config: NodeConfig;
  readonly entries: ConfigEntries;
  readonly details: NodeDetails;
}

interface RelationNode extends NodeBase {
  readonly relation: RelationName;
  readonly columns: readonly ColumnDoc[];
}

/** A node made from a template. */
interface TemplateNode extends NodeBase {
  /** Text of the template. */
  readonly sql: string;
  readonly dependencies: readonly Dependency[];
}

export interface ModelNode extends RelationNode, TemplateNode {
  readonly kind: 'model';
  /** Of a model that has versions. */
  readonly version: string | number | undefined;
  readonly latestVersion: string | number | undefined;
  /** Of a model that is no template but a program, which only dbt runs. */
  readonly language?: 'python';
}

/** A query that is compiled and never run. */
export interface AnalysisNode extends RelationNode, TemplateNode {
  readonly kind: 'analysis';
}

/** A query whose changes are kept as versions of its rows. */
export interface SnapshotNode extends RelationNode, TemplateNode {
  readonly kind: 'snapshot';
  readonly snapshot: SnapshotConfig;
}

export interface SeedNode extends RelationNode {
  readonly kind: 'seed';
  /** The CSV's text. */
  readonly csv: string;
}

export interface SourceNode extends RelationNode {
  readonly kind: 'source';
  readonly sourceName: string;
}

export interface TestNode extends NodeBase {
  readonly kind: 'test';
  readonly dependencies: readonly Dependency[];
  readonly body: GenericTest | SingularTest | UnitTest;
  /** Tags of the column and the source under test. */
  readonly outerTags: readonly string[];
  /** Schema of kept failures, whether or not they are kept. */
  readonly auditSchema: string;
  /** Where failing rows are kept, if they are. */
  readonly failures: RelationName | undefined;
  /** Id of the node whose downstream waits for this test; undefined for a singular test that reads none. */
  readonly subject: string | undefined;
}

/** A use of a `{% test %}` macro. */
export interface GenericTest {
  readonly sort: 'generic';
  /** Such as `not_null`. */
  readonly test: string;
  /** As written: texts may be templates or calls such as `ref('orders')`. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Id of the node that the macro gets as `model`. */
  readonly model: string;
  /** Test and subject: `not_null_orders`. */
  readonly identifier: string;
}

export interface SingularTest {
  readonly sort: 'singular';
  readonly sql: string;
}

/** Rows of a unit test: maps, or a query that gives them. */
export interface UnitRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly sql: string | undefined;
}

/** Given rows and the rows that the model must make of them. */
export interface UnitTest {
  readonly sort: 'unit';
  /** Id of the model. */
  readonly model: string;
  /** `input` is the id of a node, or undefined for what the model itself holds. */
  readonly given: readonly (UnitRows & { readonly input: string | undefined })[];
  readonly expect: UnitRows;
  readonly overrides: {
    readonly macros: Readonly<Record<string, unknown>>;
    readonly vars: Readonly<Record<string, unknown>>;
    readonly environment: Readonly<Record<string, string>>;
  };
}

export type TransformNode = ModelNode | SnapshotNode | SeedNode | SourceNode | TestNode;

/** What `ref()` can name. */
export type RefNode = ModelNode | SnapshotNode | SeedNode;
