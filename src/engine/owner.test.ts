import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { createOwner, isAliveHere, mayBeAlive, retireOwner } from './owner.ts';

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

it('of an owner on another machine nothing is known', () => {
  expect(mayBeAlive('another.host:1:00000000')).toBe(true);
  expect(mayBeAlive('nonsense')).toBe(true);
  expect(isAliveHere('another.host:1:00000000')).toBe(false);
});
