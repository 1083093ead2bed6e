import { spawn, spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { createOwner, isAliveHere, mayBeAlive, retireOwner } from './owner.ts';
import { processSpace, processStart } from './process-identity.ts';

const onLinux = it.runIf(process.platform === 'linux');

it('an owner of this process lives until it is retired', () => {
  const owner = createOwner();
  expect(owner).not.toBe(createOwner());
  expect(mayBeAlive(owner)).toBe(true);
  retireOwner(owner);
  expect(mayBeAlive(owner)).toBe(false);
});

it('an owner from before a restart that gave this process the same id is dead', () => {
  expect(mayBeAlive(`${hostname()}:${process.pid}:0badcafe`)).toBe(false);
});

it('an owner of this machine lives as long as its process', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  expect(mayBeAlive(`${hostname()}:${pid}:00000000`)).toBe(false);
  expect(mayBeAlive(`${hostname()}:${process.ppid}:00000000`)).toBe(true);
  expect(isAliveHere(`${hostname()}:${process.ppid}:00000000`)).toBe(true);
});

onLinux('an owner whose process id was given out again is dead', () => {
  const start = Number(processStart(process.ppid));
  const owner = `${hostname()}:${process.ppid}:00000000-${processSpace()}`;
  expect(mayBeAlive(`${owner}-${start}`)).toBe(true);
  expect(mayBeAlive(`${owner}-${start - 1}`)).toBe(false);
});

onLinux('a process tells its start whatever its name holds', async () => {
  const child = spawn('sleep', ['60'], { argv0: 'a) R 1 1 (b' });
  try {
    expect(Number(processStart(child.pid ?? 0))).toBeGreaterThanOrEqual(Number(processStart(process.pid)));
  } finally {
    child.kill();
  }
  expect(processStart(2 ** 22 + 1)).toBeUndefined();
});

it('of an owner in another container with the same name nothing is known', () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const owner = `${hostname()}:${pid}:00000000-0badcafe-1`;
  expect(mayBeAlive(owner)).toBe(true);
  expect(isAliveHere(owner)).toBe(false);
});

it('of an owner on another machine nothing is known', () => {
  expect(mayBeAlive('another.host:1:00000000')).toBe(true);
  expect(mayBeAlive('nonsense')).toBe(true);
  expect(isAliveHere('another.host:1:00000000')).toBe(false);
});
