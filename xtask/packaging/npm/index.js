// A local Adobe IMS for tests.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);

/** The path of the command `ims` for this platform. */
export function command() {
  const name = `ims-emulator-${process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'ims.exe' : 'ims';
  try {
    return require.resolve(`${name}/${file}`);
  } catch {
    throw new Error(
      `the package ${name} is not installed: there is no build for this platform, or npm was told to omit optional packages`,
    );
  }
}

/** Starts an emulator on a free port of 127.0.0.1; see index.d.ts. */
export async function startEmulator({ args = [], integration = {} } = {}) {
  const child = spawn(command(), ['emulator', '--quiet', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  // It is read to its end, because a pipe that no one reads would fill.
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-10_000)));
  const lines = createInterface({ input: child.stdout });
  const url = await Promise.race([once(lines, 'line').then(([line]) => line), ended.then(() => null)]);
  if (url === null) throw new Error(`the emulator did not start: ${said.trim()}`);
  // A test that forgets to stop it must not leave it behind.
  const kill = () => child.kill();
  process.once('exit', kill);

  const emulator = {
    url,
    clientId: 'test-client',
    clientSecret: 'test-secret',
    orgId: 'TEST@AdobeOrg',
    requests: (after = 0) => call(url, 'GET', `requests?after=${after}`),
    addIntegration: (added) => call(url, 'POST', 'integrations', added),
    inject: (fault) => call(url, 'POST', 'faults', fault),
    clearFaults: () => call(url, 'DELETE', 'faults'),
    async stop() {
      process.removeListener('exit', kill);
      child.kill();
      await ended;
    },
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: () => emulator.stop(),
  };
  await emulator.addIntegration({
    client_id: emulator.clientId,
    client_secrets: [emulator.clientSecret],
    org_id: emulator.orgId,
    technical_account_id: 'TEST@techacct.adobe.com',
    scopes: ['openid', 'AdobeID'],
    ...integration,
  });
  return emulator;
}

async function call(url, method, path, body) {
  const answer = await fetch(`${url}/_emulator/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text === '' ? undefined : JSON.parse(text);
}
