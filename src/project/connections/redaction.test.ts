import { expect, test } from 'vitest';
import { Redactor, secretsOf } from './redaction.ts';

test('finds passwords in keys, nested keys and URLs, plain and encoded', () => {
  const secrets = secretsOf(
    { host: 'db', password: 'hunter2!', headers: { Authorization: 'Bearer abcdef' } },
    'postgres://me:p%40ss/word@db/x',
  );
  const redact = new Redactor([...secrets, ...secretsOf({}, 'postgres://me:p%40ssword@db/x')]).redact;
  expect(redact('login hunter2! with Bearer abcdef at p@ssword or p%40ssword on db')).toBe(
    'login *** with *** at *** or *** on db',
  );
});

test('finds passwords that were written into a URL without encoding', () => {
  const redact = new Redactor(secretsOf({}, 'postgres://me:p#a/s@s?w@db/x')).redact;
  expect(redact('me with p#a/s@s?w')).toBe('me with ***');
});

test('finds passwords of SSH hops', () => {
  const hops = ['ssh://me:jump-secret@a:22', 'ssh://me:last-secret@b:22'];
  expect(new Redactor(secretsOf({ ssh_tunnel: hops })).redact('jump-secret, last-secret')).toBe('***, ***');
});

test('very short secrets do not blank out ordinary words', () => {
  expect(new Redactor(['a']).redact('a banana')).toBe('a banana');
});
