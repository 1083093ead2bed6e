import type { StepOutcome } from '../core/executor.ts';
import type { GraphNode } from '../core/node.ts';

/** The outcome with what its node was made of, so that a change of the node's code is seen later. */
export function withFingerprint({ spec }: GraphNode, outcome: StepOutcome): StepOutcome {
  const { fingerprint } = spec;
  return fingerprint === undefined ? outcome : { ...outcome, metadata: { ...outcome.metadata, fingerprint } };
}
