// @adobe/auth-token: client credentials at the host of IMS alone.
const { integration, compare, demand, lasts, leadFetch } = require('./cases.cjs');

leadFetch();
const { clientId, clientSecret } = integration;
const right = { clientId, clientSecret, scope: 'openid,AdobeID', environment: 'production' };
const token = async (changed) => {
  const { auth } = await import(require.resolve('@adobe/auth-token'));
  return auth({ ...right, ...changed });
};

compare([
  ['a token', null, async () => {
    const { access_token, expires_in } = await token({});
    demand(access_token.split('.').length === 3 && lasts(expires_in), 'not a token of 24 hours');
  }],
  ['wrong client id', 'invalid client_id parameter', () => token({ clientId: 'unknown-client' })],
  ['wrong secret', 'invalid client_secret parameter', () => token({ clientSecret: 'wrong' })],
  ['unknown scope', 'invalid_scope', () => token({ scope: 'unknown' })],
]);
