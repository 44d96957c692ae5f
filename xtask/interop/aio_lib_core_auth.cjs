// @adobe/aio-lib-core-auth: client credentials at the host of IMS alone.
const { generateAccessToken } = require('@adobe/aio-lib-core-auth');
const { integration, compare, demand, lasts, leadFetch } = require('./cases.cjs');

leadFetch();
const { clientId, clientSecret, orgId } = integration;
const right = { clientId, clientSecret, orgId, scopes: ['openid', 'AdobeID'] };
const token = (changed) => generateAccessToken({ ...right, ...changed }, 'prod');

compare([
  ['a token', null, async () => {
    const { access_token, expires_in } = await token({});
    demand(access_token.split('.').length === 3 && lasts(expires_in), 'not a token of 24 hours');
  }],
  ['wrong client id', 'invalid client_id parameter', () => token({ clientId: 'unknown-client' })],
  ['wrong secret', 'invalid client_secret parameter', () => token({ clientSecret: 'wrong' })],
  ['unknown scope', 'does not have all of the scopes', () => token({ scopes: ['unknown'] })],
]);
