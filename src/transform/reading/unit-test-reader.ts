import { ConfigError } from '../../core/errors.ts';
import { nodeContext } from '../context/node-context.ts';
import { readingMoment } from '../context/render-scope.ts';
import { parseCsv } from '../files/csv.ts';
import { compareVersions } from '../files/model-versions.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { GivenRows, UnitTestProperties, VersionChoice } from '../files/unit-test-properties.ts';
import type { YamlFile } from '../files/yaml-file.ts';
import { parseTemplate, renderSync } from '../jinja/index.ts';
import { fqnFor, idFor } from '../manifest/dataset.ts';
import { mergeLayers, treeLayers, yamlLayer } from '../manifest/config-layer.ts';
import { readNodeConfig } from '../manifest/node-config.ts';
import type { ModelNode, TestNode, UnitRows, UnitTest } from '../manifest/transform-node.ts';
import { attempt, homeOf, overridingLayers, type ReadingRoom } from './reading-room.ts';
import { detailsOf } from './node-reader.ts';
import { checkKey } from './key-segment.ts';
import type { NodeNames } from './node-names.ts';
import type { Properties } from './property-reader.ts';
import { emptyCalls, recordingScope } from './recorded-calls.ts';
import { resolveCalls } from './resolution.ts';

/** Input that stands for what the model itself holds. */
const thisInput = 'this';

/** Reads all `unit_tests:` of a package. `models` are those that it may test, `fixtures` the files with rows. */
export function readUnitTests(
  room: ReadingRoom,
  properties: Properties,
  names: NodeNames,
  models: readonly ModelNode[],
  fixtures: readonly ProjectFile[],
): readonly TestNode[] {
  return properties.files.flatMap(({ folders, content }) =>
    content.unitTests.flatMap((properties_) => {
      const place: Place = { room, names, models, fixtures, yaml: content.yaml, folders };
      return attempt(room.mistakes, () => readUnitTest(place, properties_)) ?? [];
    }),
  );
}

interface Place {
  readonly room: ReadingRoom;
  readonly names: NodeNames;
  readonly models: readonly ModelNode[];
  readonly fixtures: readonly ProjectFile[];
  readonly yaml: YamlFile;
  readonly folders: readonly string[];
}

/** The test once for each version of its model that it is for. */
function readUnitTest(place: Place, properties: UnitTestProperties): readonly TestNode[] {
  const { room, yaml } = place;
  const { projectFile } = room;
  const fqn = [projectFile.name, ...place.folders, properties.model, properties.name];
  const entries = mergeLayers([
    ...treeLayers(projectFile.yaml, projectFile.trees.unitTests, fqn),
    yamlLayer(yaml, properties.config, properties.path),
    ...overridingLayers(room, 'unitTests', fqn),
  ]);
  const config = readNodeConfig(entries, 'test', room.mistakes);
  const isTested = place.models.some(({ name }) => name === properties.model);
  if (!config.isEnabled && !isTested) return [];
  const parts = {
    given: (config.isEnabled ? properties.given : []).map((given) => ({
      ...unitRows(place, given),
      input: inputOf(place, given.input, given.path),
    })),
    expect: config.isEnabled ? unitRows(place, properties.expect) : { rows: [], sql: undefined },
    overrides: properties.overrides,
  };
  const origin = yaml.locate([...properties.path, 'name']);
  return testedModels(place, properties).map((model) => {
    const name = model.version === undefined ? properties.name : `${properties.name}_v${model.version}`;
    const body: UnitTest = { sort: 'unit', model: model.uniqueId, ...parts };
    return {
      kind: 'test',
      packageName: projectFile.name,
      dataset: room.dataset,
      uniqueId: idFor(room.dataset, `unit_test.${projectFile.name}.${properties.model}.${name}`),
      key: checkKey(room, name),
      name: properties.name,
      origin,
      description: properties.description,
      fqn: fqnFor(room.dataset, fqn, 2),
      config,
      entries,
      details: { ...detailsOf(undefined), properties: properties.raw, propertyFile: yaml.file },
      dependencies: [{ uniqueId: model.uniqueId, origin }],
      outerTags: [],
      auditSchema: room.scope.targetSchema,
      failures: undefined,
      body,
      subject: model.uniqueId,
    };
  });
}

/** The model, or those of its versions that the test is for. Throws a ConfigError `model_missing` or `test_invalid`. */
function testedModels(
  { models, yaml }: Place,
  { name, model, versions, path }: UnitTestProperties,
): readonly ModelNode[] {
  const named = models
    .filter((candidate) => candidate.name === model)
    .sort((one, other) => compareVersions(one.version ?? 0, other.version ?? 0));
  const [first] = named;
  if (!first) {
    const known = models.map((candidate) => candidate.name);
    throw new ConfigError(
      `the unit test "${name}" is for "${model}", which is no model${didYouMean(model, known)}`,
      { code: 'model_missing', origin: yaml.locate([...path, 'model']) },
    );
  }
  const origin = yaml.locate([...path, 'versions']);
  const isIn = (list: VersionChoice['include'], { version }: ModelNode): boolean =>
    (list ?? []).some((item) => String(item) === String(version));
  const isChosen = (versions?.include ?? versions?.exclude ?? []).length > 0;
  if (first.version === undefined) {
    if (!isChosen) return [first];
    throw new ConfigError(`the unit test "${name}" is for versions of "${model}", which has none`, {
      code: 'test_invalid',
      origin,
    });
  }
  const chosen = named.filter((candidate) =>
    versions?.include ? isIn(versions.include, candidate) : !isIn(versions?.exclude, candidate),
  );
  if (chosen.length > 0) return chosen;
  throw new ConfigError(
    `the unit test "${name}" is for no version of "${model}"; there are ${named.map((each) => each.version).join(', ')}`,
    { code: 'test_invalid', origin },
  );
}

/** Id of the node that `ref('x')` or `source('x', 'y')` names; undefined for `this`. */
function inputOf(place: Place, text: string, path: GivenRows['path']): string | undefined {
  if (text.trim() === thisInput) return undefined;
  const { room, names, yaml } = place;
  const origin = yaml.locate([...path, 'input']);
  const calls = emptyCalls();
  const scope = recordingScope(room.scope, { name: 'unit test' }, new Map(), calls);
  renderSync(parseTemplate(`{{ ${text} }}`, yaml.file), nodeContext(room.scope, scope, readingMoment));
  const placed = {
    ...calls,
    refs: calls.refs.map((call) => ({ ...call, origin })),
    sources: calls.sources.map((call) => ({ ...call, origin })),
  };
  const [found] = resolveCalls(names, placed, homeOf(room), (error) => {
    throw error;
  });
  if (found) return found.uniqueId;
  throw new ConfigError(`"${text}" is no input: write ref('...'), source('...', '...') or this`, {
    code: 'test_invalid',
    origin,
  });
}

function unitRows(place: Place, given: GivenRows): UnitRows {
  const origin = place.yaml.locate([...given.path, given.fixture === undefined ? 'rows' : 'fixture']);
  const text = given.fixture === undefined ? given.rows : fixtureText(place, given.fixture, origin);
  const isText = typeof text === 'string';
  if (given.format !== 'dict' && !isText) {
    throw new ConfigError(`rows of the format "${given.format}" are a text`, {
      code: 'test_invalid',
      origin,
    });
  }
  if (given.format === 'sql' && isText) return { sql: text, rows: [] };
  if (given.format === 'csv' && isText) {
    const { header, rows } = parseCsv(origin.file, text.trim(), ',');
    return {
      sql: undefined,
      rows: rows.map((row) =>
        Object.fromEntries(header.map((name, index) => [name.trim(), csvValue(row[index] ?? '')])),
      ),
    };
  }
  if (!isText) return { sql: undefined, rows: text ?? [] };
  throw new ConfigError('rows of the format "dict" are a list of maps', { code: 'test_invalid', origin });
}

function csvValue(field: string): string | null {
  return field === '' || field.toLowerCase() === 'null' ? null : field;
}

function fixtureText(place: Place, name: string, origin: TestNode['origin']): string {
  const found = place.fixtures.find((file) => file.name === name.replace(/\.(csv|sql)$/, ''));
  if (found) return found.text;
  throw new ConfigError(
    `there is no fixture "${name}"${didYouMean(
      name,
      place.fixtures.map((file) => file.name),
    )}`,
    { code: 'fixture_missing', origin, next: 'Put it under fixtures/ of the tests folder.' },
  );
}
