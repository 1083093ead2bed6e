#!/usr/bin/env node
// Stands for dbt: writes what a real one has written, as REPLAY says in JSON:
// { recording, calls?, until?, end? }
// - recording: path of `<name>.events.jsonl`, whose `run_results.json` lies beside it
// - calls: a file to which each call's arguments are added, one JSON list per line
// - until: name of the event after which `end` happens: "wait" for SIGINT, as with a long query; "die"; "exit"
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const replay = JSON.parse(process.env['REPLAY'] ?? '{}');
const given = process.argv.slice(2);
if (replay.calls) appendFileSync(replay.calls, `${JSON.stringify(given)}\n`);
const targetFolder = given[given.indexOf('--target-path') + 1];
const selected = given.includes('--select')
  ? given.slice(given.indexOf('--select') + 1).map((name) => name.split(',')[0].split('.').at(-1))
  : undefined;

/** Whether an event is of a node that was asked for, or of none. */
function isWanted(event) {
  const id = event.data.node_info?.unique_id;
  return !selected || !id || selected.some((name) => id.split('.').includes(name));
}

async function main() {
  if (!replay.recording) return process.stderr.write('this is no dbt\n');
  for (const line of readFileSync(replay.recording, 'utf8').trim().split('\n')) {
    const event = JSON.parse(line);
    if (!isWanted(event)) continue;
    process.stdout.write(`${line}\n`);
    if (event.info.name !== replay.until) continue;
    if (replay.end === 'die') process.kill(process.pid, 'SIGKILL');
    if (replay.end === 'exit') process.exit(2);
    process.once('SIGINT', () => process.exit(1));
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  const results = JSON.parse(
    readFileSync(replay.recording.replace('.events.jsonl', '.run_results.json'), 'utf8'),
  );
  results.results = results.results.filter(({ unique_id: id }) =>
    isWanted({ data: { node_info: { unique_id: id } } }),
  );
  mkdirSync(targetFolder, { recursive: true });
  writeFileSync(join(targetFolder, 'run_results.json'), JSON.stringify(results));
  process.exitCode = 1;
}

await main();
