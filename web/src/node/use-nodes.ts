import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { NodeKey } from '../../../src/server/contract.ts';
import { graphQuery, statusQuery } from '../api.ts';
import { joinNodes, type NodeView } from '../health.ts';

const none: readonly never[] = [];

/** Every node with its health; empty until the graph is there. */
export function useNodes(): ReadonlyMap<NodeKey, NodeView> {
  const nodes = useQuery(graphQuery()).data?.nodes ?? none;
  const statuses = useQuery(statusQuery()).data?.nodes ?? none;
  return useMemo(() => joinNodes(nodes, statuses), [nodes, statuses]);
}
