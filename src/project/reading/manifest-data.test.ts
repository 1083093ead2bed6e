import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { buildGraph } from '../../core/graph.ts';
import { makeManifest, type Manifest } from '../../core/manifest.ts';
import { makePlan } from '../../engine/index.ts';
import { readProject } from './read-project.ts';

const template = fileURLToPath(new URL('../../../templates/project', import.meta.url));

it('a project is planned from its manifest alone, which is data that its hash is of', async () => {
  const { graph, manifest } = await readProject(template, {});
  const { hash, ...sent } = JSON.parse(JSON.stringify(manifest)) as Manifest;
  expect(makeManifest(sent, (text) => createHash('sha256').update(text).digest('hex')).hash).toBe(hash);
  const request = { manifestHash: hash };
  expect(
    makePlan(buildGraph(sent.nodes), request)
      .steps.map(({ key }) => key)
      .toSorted(),
  ).toEqual(
    makePlan(graph, request)
      .steps.map(({ key }) => key)
      .toSorted(),
  );
});
