// jsonwebtoken: an assertion signed as Adobe's documents sign it in Node, and access and ID tokens verified with it.
const { sign, verify } = require('jsonwebtoken');
const { createPublicKey } = require('node:crypto');
const { integration, rightKey, wrongKey, compare, demand, post, userTokens } = require('./cases.cjs');

const { clientId, clientSecret, orgId, technicalAccountId } = integration;
const claims = (changed) => ({
  exp: Math.round(Date.now() / 1000) + 300,
  iss: orgId,
  sub: technicalAccountId,
  aud: `https://ims-na1.adobelogin.com/c/${clientId}`,
  'https://ims-na1.adobelogin.com/s/ent_dataservices_sdk': true,
  ...changed,
});
const exchange = (key, changed = {}, algorithm = 'RS256') => post('/ims/exchange/jwt', {
  client_id: clientId, client_secret: clientSecret, jwt_token: sign(claims(changed), key, { algorithm }),
});
const keyOf = async ({ kid }) => {
  const { keys } = await (await fetch(`${process.env.IMS_URL}/ims/keys`)).json();
  return createPublicKey({ key: keys.find((key) => key.kid === kid), format: 'jwk' });
};
const verified = async (token) => {
  const header = JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));
  return verify(token, await keyOf(header), { algorithms: ['RS256'] });
};

compare([
  ['exchange, and the signature of the token', null, async () => {
    const { access_token } = await exchange(rightKey);
    const token = await verified(access_token);
    demand(token.client_id === clientId && token.created_at > 0 && token.exp === undefined, 'another token');
  }],
  ['an ID token', null, async () => {
    const { id_token } = await userTokens();
    demand((await verified(id_token)).sub === 'ADA@AdobeID', 'another user');
  }],
  ['wrong key', 'invalid_signature', () => exchange(wrongKey)],
  ['RS384', 'invalid_signature', () => exchange(rightKey, {}, 'RS384')],
  ['ended', 'invalid_token', () => exchange(rightKey, { exp: Math.round(Date.now() / 1000) - 60 })],
  ['no metascope', 'invalid_scope', () => exchange(rightKey, { 'https://ims-na1.adobelogin.com/s/ent_dataservices_sdk': undefined })],
]);
