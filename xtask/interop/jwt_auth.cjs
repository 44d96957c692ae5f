// @adobe/jwt-auth: signs and exchanges a JWT at the base URL it is given.
const auth = require('@adobe/jwt-auth');
const { integration, rightKey, wrongKey, compare, demand, lasts } = require('./cases.cjs');

const ims = process.env.IMS_URL;
const right = { ...integration, privateKey: rightKey, metaScopes: ['ent_dataservices_sdk'], ims };
const exchange = (changed) => auth({ ...right, ...changed });

compare([
  ['a token', null, async () => {
    const { access_token, expires_in } = await exchange({});
    demand(access_token.split('.').length === 3 && lasts(expires_in / 1000), 'not a token of 24 hours');
  }],
  ['wrong key', 'invalid_signature', () => exchange({ privateKey: wrongKey })],
  ['wrong client id', 'invalid client_id parameter', () => exchange({ clientId: 'unknown-client' })],
  ['wrong secret', 'invalid client_secret parameter', () => exchange({ clientSecret: 'wrong' })],
  ['wrong organization', 'invalid_signature', () => exchange({ orgId: 'OTHER@AdobeOrg' })],
  ['unknown metascope', 'a scope that does not exist', () => exchange({ metaScopes: ['ent_unknown_sdk'] })],
  ['metascope of another product', 'not a subset', () => exchange({ metaScopes: ['ent_gdpr_sdk'] })],
]);
