// @adobe/aio-cli with its auth plugin, as a person uses it: contexts in its configuration, login, logout.
const { execFile } = require('node:child_process');
const { mkdtempSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { integration, rightKey, wrongKey, compare, demand } = require('./cases.cjs');

const command = require.resolve('@adobe/aio-cli/bin/run');
const home = mkdtempSync(join(process.cwd(), 'aio-home-'));
const { clientId, clientSecret, orgId, technicalAccountId } = integration;
const oauth = {
  client_id: clientId,
  client_secrets: [clientSecret],
  technical_account_id: technicalAccountId,
  technical_account_email: 'technical@example.org',
  ims_org_id: orgId,
  scopes: ['openid', 'AdobeID'],
};
const jwt = {
  client_id: clientId,
  client_secret: clientSecret,
  technical_account_id: technicalAccountId,
  ims_org_id: orgId,
  meta_scopes: ['ent_dataservices_sdk'],
  private_key: rightKey,
};
const contexts = {
  oauth,
  jwt,
  oauth_wrong: { ...oauth, client_secrets: ['wrong'] },
  jwt_wrong: { ...jwt, private_key: wrongKey },
};
writeFileSync(join(home, 'aio'), JSON.stringify({ ims: { contexts } }));

const aio = (...words) => new Promise((done, fail) => {
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, AIO_CONFIG_FILE: join(home, 'aio'), AIO_TELEMETRY_DISABLED: '1', CI: '1' };
  execFile(process.execPath, [command, ...words], { env, cwd: home, timeout: 180_000 }, (error, stdout, stderr) => {
    if (error) fail(new Error(`${stdout}${stderr}`.replace(/\s+/g, ' ')));
    else done(stdout);
  });
});
const login = async (context) => {
  const printed = await aio('auth', 'login', '--ctx', context, '--bare');
  demand(printed.trim().split('\n').at(-1).split('.').length === 3, `no token: ${printed}`);
};

compare([
  ['the contexts', null, async () => demand((await aio('auth', 'ctx', '--list')).includes('jwt'), 'no context')],
  ['a token for a JWT', null, () => login('jwt')],
  ['a token of client credentials', null, () => login('oauth')],
  ['logout', null, () => aio('auth', 'logout', '--ctx', 'jwt')],
  ['wrong key', '400 (Bad Request)', () => login('jwt_wrong')],
  ['wrong secret', '400 (Bad Request)', () => login('oauth_wrong')],
]);
