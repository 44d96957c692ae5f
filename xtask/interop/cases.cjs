// What the scripts for Node share: whose integration it is, how a user signs in, and how outcomes are compared.
const { execFile, spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

exports.integration = {
  clientId: 'test-client',
  clientSecret: 'test-secret',
  orgId: 'TEST@AdobeOrg',
  technicalAccountId: 'TEST@techacct.adobe.com',
  serviceCode: 'test-code',
  redirectUri: 'http://127.0.0.1:8000/callback',
};
exports.rightKey = readFileSync('private.key', 'utf8');
exports.wrongKey = readFileSync('other.key', 'utf8');

// Leads the fetch that is built into Node through HTTPS_PROXY, which Node does by itself only from version 24 on.
exports.leadFetch = () => {
  const { ProxyAgent, setGlobalDispatcher } = require('undici');
  setGlobalDispatcher(new ProxyAgent(process.env.HTTPS_PROXY));
};

// Where the browser of a user who is signed in already would be sent from the page at `url`.
exports.signIn = async (url, user) => {
  const page = new URL(url);
  page.searchParams.set('prompt', 'none');
  page.searchParams.set('login_hint', user);
  const answer = await fetch(page, { redirect: 'manual' });
  if (answer.status !== 302) throw new Error(`the sign-in was answered with ${answer.status}`);
  return new URL(answer.headers.get('location'));
};

// Sends a form to the emulator, and fails with the error that it is answered with.
exports.post = async (path, form) => {
  const answer = await fetch(process.env.IMS_URL + path, { method: 'POST', body: new URLSearchParams(form) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text);
};

// The tokens of a user who has signed in with a code.
exports.userTokens = async () => {
  const { clientId, clientSecret, redirectUri } = exports.integration;
  const url = new URL(`${process.env.IMS_URL}/ims/authorize/v2`);
  const scope = 'openid AdobeID email profile additional_info.roles';
  const parameters = { client_id: clientId, redirect_uri: redirectUri, response_type: 'code', scope };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const code = (await exports.signIn(url, 'ADA@AdobeID')).searchParams.get('code');
  const form = { grant_type: 'authorization_code', client_id: clientId, client_secret: clientSecret, code };
  return exports.post('/ims/token/v3', form);
};
exports.userToken = async () => (await exports.userTokens()).access_token;

// A new home for the command `ims`, with `credentials` in a file.
const homeWith = (credentials) => {
  const home = mkdtempSync(join(process.cwd(), 'ims-home-'));
  const file = join(home, 'credentials.json');
  writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
  return { file, env: { PATH: process.env.PATH, HOME: home } };
};

// Runs the command `ims` with `credentials`; gives what it prints, or fails with its error.
exports.ims = (credentials, ...words) => new Promise((done, fail) => {
  const { file, env } = homeWith(credentials);
  execFile(process.env.IMS_COMMAND, [...words, '-c', file], { env, timeout: 30_000 }, (error, stdout, stderr) => {
    if (error) fail(new Error(`exit ${error.code}: ${stderr}`.replace(/\s+/g, ' ')));
    else done(stdout);
  });
});

// Runs `ims login` with `credentials`, and calls `visit` with the address that it prints for a browser.
exports.imsLogin = (credentials, options, visit) => new Promise((done, fail) => {
  const { file, env } = homeWith(credentials);
  const words = ['login', '-c', file, '--no-browser', '--timeout', '30s', ...options];
  const login = spawn(process.env.IMS_COMMAND, words, { env });
  let said = '';
  let isVisited = false;
  const read = (part) => {
    said += part;
    const address = /https?:\/\/\S*\/ims\/authorize\/\S+/.exec(said)?.[0];
    if (!address || isVisited) return;
    isVisited = true;
    visit(address).catch(fail);
  };
  login.stdout.on('data', read);
  login.stderr.on('data', read);
  login.on('close', (code) => (code === 0 ? done() : fail(new Error(`exit ${code}: ${said}`.replace(/\s+/g, ' ')))));
});

// Each case is a name, what its error has to contain, or null if it must succeed, and the call.
exports.compare = async (cases) => {
  for (const [name, refusal, call] of cases) {
    const said = await call().then(() => null, (error) => [error.code, error.message].filter(Boolean).join(' '));
    const isRight = refusal === null ? said === null : said !== null && said.includes(refusal);
    console.log(`${isRight ? 'ok' : 'WRONG'}: ${name}: ${said ?? 'succeeded'}`);
    if (!isRight) process.exitCode = 1;
  }
};

// Fails a case that answered without an error, but wrongly.
exports.demand = (isSo, what) => {
  if (!isSo) throw new Error(what);
};

// Whether a lifetime in seconds is that of the emulator's tokens, a moment less than 24 hours.
exports.lasts = (seconds) => seconds > 86_390 && seconds <= 86_400;
