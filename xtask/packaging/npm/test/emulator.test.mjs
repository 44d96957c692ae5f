// What the package promises, tested from its installed form.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { command, startEmulator } from 'ims-emulator';

async function exchange({ url, clientId }, clientSecret) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'openid,AdobeID',
  });
  return fetch(`${url}/ims/token/v3`, { method: 'POST', body });
}

test('the emulator gives a token, and says why it refuses one', async () => {
  const emulator = await startEmulator();
  const answer = await exchange(emulator, emulator.clientSecret);
  assert.match((await answer.json()).access_token, /^eyJ/);
  assert.equal((await emulator.requests()).at(-1).refusal, null);
  assert.equal((await exchange(emulator, 'wrong')).ok, false);
  const verdict = (await emulator.requests()).at(-1);
  assert.ok(verdict.refusal && verdict.remedy, JSON.stringify(verdict));
  await emulator.stop();
  await assert.rejects(fetch(emulator.url));
});

test('a fault is injected and removed', async () => {
  const emulator = await startEmulator();
  await emulator.inject({ fault: 'unavailable' });
  assert.equal((await exchange(emulator, emulator.clientSecret)).status, 503);
  await emulator.clearFaults();
  assert.equal((await exchange(emulator, emulator.clientSecret)).status, 200);
  await emulator.stop();
});

test('what is wrong with a scenario is said', async () => {
  await assert.rejects(startEmulator({ args: ['--config', 'nowhere.toml'] }), /nowhere\.toml/);
});

test('the command comes with the package', () => {
  assert.match(execFileSync(command(), ['--version'], { encoding: 'utf8' }), /^ims /);
  const shim = execFileSync('npx', ['--no-install', 'ims', '--version'], { encoding: 'utf8', shell: true });
  assert.match(shim, /^ims /);
});
