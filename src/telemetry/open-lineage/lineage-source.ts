import type { GraphNode, NodeKey } from '../../core/node.ts';

/** Where the tables or files of a connection are, as OpenLineage names it. Holds no secret. */
export interface DatasetPlace {
  /** `postgres://host:port`, `duckdb:///data/shop.duckdb`, `file`. */
  readonly namespace: string;
  /** Segments before schema and table, such as the database. */
  readonly prefix: readonly string[];
  /** False where a schema is not a part of the name. */
  readonly hasSchemas: boolean;
  /** A URI of the system for the `dataSource` facet. */
  readonly uri: string;
}

/** What a load reads: a table or path of a connection. */
export interface LoadedFrom {
  readonly connection: string;
  /** As written: `public.orders`, `file://data/orders.csv`. */
  readonly stream: string;
}

/** What the project as it is now tells about its nodes. */
export interface LineageSource {
  readonly project: string;
  /** Of Millrace. */
  readonly version: string;
  readonly namespace: string;
  readonly node: (key: NodeKey) => GraphNode | undefined;
  readonly place: (connection: string) => DatasetPlace | undefined;
  /** Of a load whose stream is known before it runs. */
  readonly loadedFrom: (node: GraphNode) => LoadedFrom | undefined;
  readonly sql: (node: GraphNode) => { readonly query: string; readonly dialect?: string } | undefined;
  readonly redact: (text: string) => string;
}
