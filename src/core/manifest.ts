import { canonicalJson, type JsonValue } from './json.ts';
import type { GraphNode } from './node.ts';
import type { ScheduleDefinition } from './schedule.ts';

/** A project's definitions as plain data: what the page, the scheduler and the planner read. */
export interface Manifest {
  /** The project's name. */
  readonly name: string;
  /** By key. */
  readonly nodes: readonly GraphNode[];
  /** By name. */
  readonly schedules: readonly ScheduleDefinition[];
  /** Sensors, webhooks and triggers: what tells one version of them from another. */
  readonly triggers?: JsonValue;
  /** Equal definitions have equal hashes, whatever order they were read in. */
  readonly hash: string;
}

/** `hash` is a collision-resistant digest of a text, such as SHA-256 in hex. */
export function makeManifest(definitions: Omit<Manifest, 'hash'>, hash: (text: string) => string): Manifest {
  const nodes = definitions.nodes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const schedules = definitions.schedules.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { name, triggers } = definitions;
  const more = triggers === undefined ? {} : { triggers };
  const content = { name, nodes, schedules, ...more } as unknown as JsonValue;
  return { name, nodes, schedules, ...more, hash: hash(canonicalJson(content)) };
}
