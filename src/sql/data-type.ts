/**
 * What a value is, whatever system holds it. Connectors map their catalogue onto it and back.
 * Times: `timestamp` has no zone; `timestamptz` is an instant. Precision is microseconds at most.
 */
export type DataType =
  | { readonly type: 'boolean' }
  | { readonly type: 'int16' }
  | { readonly type: 'int32' }
  | { readonly type: 'int64' }
  | { readonly type: 'float32' }
  | { readonly type: 'float64' }
  /** Exact. Both absent: any precision, as PostgreSQL's bare `numeric`. */
  | { readonly type: 'decimal'; readonly precision?: number; readonly scale?: number }
  | { readonly type: 'text'; readonly maxLength?: number }
  | { readonly type: 'bytes' }
  | { readonly type: 'date' }
  | { readonly type: 'time' }
  /** A time of day and its distance from UTC. */
  | { readonly type: 'timetz' }
  | { readonly type: 'timestamp' }
  | { readonly type: 'timestamptz' }
  | { readonly type: 'interval' }
  | { readonly type: 'uuid' }
  | { readonly type: 'json' }
  | { readonly type: 'array'; readonly element: DataType };

export interface Column {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** A table's shape as its catalogue tells it. */
export interface TableSchema {
  readonly columns: readonly Column[];
  /** Empty when there is none. */
  readonly primaryKey: readonly string[];
}
