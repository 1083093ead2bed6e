/** A node's place in its template. Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Arguments of a call, a filter or a test, in the order in which they are evaluated. */
export interface ArgumentList {
  readonly positional: readonly Expression[];
  readonly keyword: readonly { readonly name: string; readonly value: Expression }[];
  /** `*values` */
  readonly spread: Expression | null;
  /** `**mapping` */
  readonly keywordSpread: Expression | null;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface ConstantNode extends Place {
  readonly kind: 'constant';
  readonly value: string | number | boolean | null;
}
export interface FloatNode extends Place {
  readonly kind: 'float';
  readonly value: number;
}
/** An integer past 2^53, as decimal digits. */
export interface BigIntegerNode extends Place {
  readonly kind: 'big-integer';
  readonly digits: string;
}
export interface NameNode extends Place {
  readonly kind: 'name';
  readonly name: string;
}
export interface ListNode extends Place {
  readonly kind: 'list' | 'tuple';
  readonly items: readonly Expression[];
}
export interface DictNode extends Place {
  readonly kind: 'dict';
  readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
}
export interface AttributeNode extends Place {
  readonly kind: 'attribute';
  readonly object: Expression;
  readonly name: string;
}
export interface ItemNode extends Place {
  readonly kind: 'item';
  readonly object: Expression;
  readonly key: Expression;
}
/** `a:b:c`, only as the key of an item. */
export interface SliceNode extends Place {
  readonly kind: 'slice';
  readonly start: Expression | null;
  readonly stop: Expression | null;
  readonly step: Expression | null;
}
export interface CallNode extends Place {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly arguments: ArgumentList;
}
/** `operand` is null only for the first filter of a `filter` or `set` block, which takes the block's text. */
export interface FilterNode extends Place {
  readonly kind: 'filter';
  readonly operand: Expression | null;
  readonly name: string;
  readonly arguments: ArgumentList;
}
export interface TestNode extends Place {
  readonly kind: 'test';
  readonly operand: Expression;
  readonly name: string;
  readonly arguments: ArgumentList;
}
export interface UnaryNode extends Place {
  readonly kind: 'unary';
  readonly operator: '-' | '+' | 'not';
  readonly operand: Expression;
}
export interface BinaryNode extends Place {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}
export interface ConcatNode extends Place {
  readonly kind: 'concat';
  readonly parts: readonly Expression[];
}
export interface CompareNode extends Place {
  readonly kind: 'compare';
  readonly first: Expression;
  readonly rest: readonly { readonly operator: CompareOperator; readonly operand: Expression }[];
}
export interface LogicalNode extends Place {
  readonly kind: 'and' | 'or';
  readonly left: Expression;
  readonly right: Expression;
}
export interface ConditionalNode extends Place {
  readonly kind: 'conditional';
  readonly test: Expression;
  readonly consequent: Expression;
  readonly otherwise: Expression | null;
}

export type Expression =
  | ConstantNode
  | FloatNode
  | BigIntegerNode
  | NameNode
  | ListNode
  | DictNode
  | AttributeNode
  | ItemNode
  | SliceNode
  | CallNode
  | FilterNode
  | TestNode
  | UnaryNode
  | BinaryNode
  | ConcatNode
  | CompareNode
  | LogicalNode
  | ConditionalNode;

/** What can be assigned to: a name, a namespace's attribute, or a tuple of these. */
export type Target =
  | NameNode
  | (Place & { readonly kind: 'namespace-attribute'; readonly namespace: string; readonly name: string })
  | (Place & { readonly kind: 'target-tuple'; readonly items: readonly Target[] });

export interface Parameter extends Place {
  readonly name: string;
  readonly fallback: Expression | null;
}

/** What a macro or a call block needs to be called. */
export interface Routine {
  readonly parameters: readonly Parameter[];
  readonly usesVarargs: boolean;
  readonly usesKwargs: boolean;
  readonly usesCaller: boolean;
  readonly body: readonly Statement[];
}

export type DefinitionSort = 'macro' | 'materialization' | 'test' | 'snapshot' | 'docs';

/** A named block that prints nothing where it stands. `start` and `end` are character offsets in the source. */
export interface DefinitionNode extends Place, Routine {
  readonly kind: 'definition';
  readonly sort: DefinitionSort;
  readonly name: string;
  /** Of a materialization: the adapter's name, or `default`. */
  readonly adapter: string;
  /** Of a materialization: what `supported_languages` says; `['sql']` if it is silent. */
  readonly languages: readonly string[];
  readonly start: number;
  readonly end: number;
}

export interface TextNode extends Place {
  readonly kind: 'text';
  readonly text: string;
}
export interface OutputNode extends Place {
  readonly kind: 'output';
  readonly value: Expression;
}
export interface IfNode extends Place {
  readonly kind: 'if';
  readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
  readonly otherwise: readonly Statement[];
}
export interface ForNode extends Place {
  readonly kind: 'for';
  readonly target: Target;
  readonly iterable: Expression;
  readonly test: Expression | null;
  readonly recursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
export interface SetNode extends Place {
  readonly kind: 'set';
  readonly target: Target;
  readonly value: Expression;
}
export interface SetBlockNode extends Place {
  readonly kind: 'set-block';
  readonly target: Target;
  readonly filter: FilterNode | null;
  readonly body: readonly Statement[];
}
export interface CallBlockNode extends Place, Routine {
  readonly kind: 'call-block';
  readonly call: CallNode;
}
export interface FilterBlockNode extends Place {
  readonly kind: 'filter-block';
  readonly filter: FilterNode;
  readonly body: readonly Statement[];
}
export interface WithNode extends Place {
  readonly kind: 'with';
  readonly bindings: readonly { readonly target: Target; readonly value: Expression }[];
  readonly body: readonly Statement[];
}
export interface DoNode extends Place {
  readonly kind: 'do';
  readonly value: Expression;
}
export interface LoopControlNode extends Place {
  readonly kind: 'break' | 'continue';
}

export type Statement =
  | TextNode
  | OutputNode
  | IfNode
  | ForNode
  | SetNode
  | SetBlockNode
  | CallBlockNode
  | FilterBlockNode
  | WithNode
  | DoNode
  | LoopControlNode
  | DefinitionNode;

/** A parsed template: plain data that can be kept as JSON. */
export interface TemplateAst {
  readonly body: readonly Statement[];
  /** Every named block of the template, in order, nested ones included. */
  readonly definitions: readonly DefinitionNode[];
}
