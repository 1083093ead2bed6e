import type { XmlHandler } from './xml-events.ts';

/** Where the records of a document are, and what they may hold. */
export interface XmlShape {
  /** Names from the root to the element that is a record. */
  readonly path: readonly string[];
  /** Names of its columns, in the order of their first coming. */
  readonly columns: readonly string[];
  /** Attributes of the record that share their name with an element in it. */
  readonly clashing: ReadonlySet<string>;
}

interface Node {
  readonly name: string;
  readonly children: Map<string, Node>;
  readonly attributes: Set<string>;
  hasText: boolean;
  /** Most elements of this name side by side. */
  most: number;
}

/** Key of the text of a record that has text besides its elements. */
export const textKey = '#text';

/** Learns the shape of a document from all of it; memory grows with the kinds of elements, not their number. */
export class XmlShapeReader implements XmlHandler {
  readonly #root: Node = newNode('');
  readonly #open: { readonly node: Node; readonly counts: Map<string, number> }[] = [
    { node: this.#root, counts: new Map() },
  ];

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    const parent = this.#open.at(-1);
    if (!parent) return;
    let node = parent.node.children.get(name);
    if (!node) parent.node.children.set(name, (node = newNode(name)));
    const count = (parent.counts.get(name) ?? 0) + 1;
    parent.counts.set(name, count);
    node.most = Math.max(node.most, count);
    for (const key of Object.keys(attributes)) if (isData(key)) node.attributes.add(attributeName(key));
    this.#open.push({ node, counts: new Map() });
  }

  text(text: string): void {
    const current = this.#open.at(-1);
    if (current && !current.node.hasText && text.trim() !== '') current.node.hasText = true;
  }

  close(): void {
    this.#open.pop();
  }

  /** The shallowest element that comes more than once beside itself; without one, what the root holds. */
  shape(): XmlShape | undefined {
    const [root] = this.#root.children.values();
    if (!root) return undefined;
    const found = firstRepeated(root) ?? onlyRecord(root);
    const { node, path } = found;
    const clashing = new Set([...node.attributes].filter((name) => node.children.has(name)));
    const columns = [
      ...[...node.attributes].map((name) => (clashing.has(name) ? `@${name}` : name)),
      ...node.children.keys(),
      ...(node.hasText || node.attributes.size + node.children.size === 0 ? [textKey] : []),
    ];
    return { path, columns, clashing };
  }
}

interface Found {
  readonly node: Node;
  readonly path: readonly string[];
}

function firstRepeated(root: Node): Found | undefined {
  let level: Found[] = [{ node: root, path: [root.name] }];
  while (level.length > 0) {
    const below = level.flatMap(({ node, path }) =>
      [...node.children.values()].map((child) => ({ node: child, path: [...path, child.name] })),
    );
    const repeated = below.filter(({ node }) => node.most > 1).sort((a, b) => b.node.most - a.node.most);
    if (repeated[0]) return repeated[0];
    level = below;
  }
  return undefined;
}

function onlyRecord(root: Node): Found {
  const children = [...root.children.values()];
  const [only] = children;
  const wraps = only && children.length === 1 && root.attributes.size === 0 && !root.hasText;
  return wraps ? { node: only, path: [root.name, only.name] } : { node: root, path: [root.name] };
}

function newNode(name: string): Node {
  return { name, children: new Map(), attributes: new Set(), hasText: false, most: 0 };
}

/** Declarations of namespaces and of schemas are not data. */
export function isData(attribute: string): boolean {
  return attribute !== 'xmlns' && !attribute.startsWith('xmlns:') && !attribute.startsWith('xsi:');
}

export function attributeName(attribute: string): string {
  return attribute.slice(attribute.indexOf(':') + 1);
}
