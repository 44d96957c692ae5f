// @adobe/aio-lib-ims: knows the hosts of IMS alone; exchange, client credentials, validation, invalidation, its contexts, and the
// steps of the end-to-end test in its repository (e2e/e2e.js).
const { Ims, context, getToken, invalidateToken } = require('@adobe/aio-lib-ims');
const { sign } = require('jsonwebtoken');
const { integration, rightKey, wrongKey, compare, demand } = require('./cases.cjs');

const ims = new Ims('prod');
const { clientId, clientSecret, orgId, technicalAccountId } = integration;

const assertion = (key, metascope) => sign({
  exp: Math.round(Date.now() / 1000) + 300,
  iss: orgId,
  sub: technicalAccountId,
  aud: `https://ims-na1.adobelogin.com/c/${clientId}`,
  [`https://ims-na1.adobelogin.com/s/${metascope}`]: true,
}, key, { algorithm: 'RS256' });
const exchange = async (key, metascope, secret = clientSecret, id = clientId) => {
  const answer = await ims.exchangeJwtToken(id, secret, assertion(key, metascope));
  return answer.access_token.token;
};
const credentials = (secret, scopes = ['openid', 'AdobeID']) =>
  ims.getAccessTokenByClientCredentials(clientId, secret, orgId, scopes);

const oauth = {
  client_id: clientId,
  client_secrets: [clientSecret],
  technical_account_id: technicalAccountId,
  technical_account_email: 'technical@example.org',
  ims_org_id: orgId,
  scopes: ['openid', 'AdobeID'],
};
const tokenOf = async (name, changed = {}) => {
  await context.set(name, { ...oauth, ...changed }, true);
  return getToken(name, {});
};
const endToEnd = async () => {
  const payload = Buffer.from(JSON.stringify({ type: 'authorization_code' })).toString('base64');
  const refused = await ims.getAccessToken(`xxxxx.${payload}.xxxxx`, clientId, clientSecret, 'openid')
    .then(() => '', (error) => error.message);
  demand(refused.includes('400'), 'a code that no one issued was taken');
  const token = await exchange(rightKey, 'ent_dataservices_sdk');
  demand(Array.isArray(await ims.getOrganizations(token)), 'no list of organizations');
  demand((await ims.validateToken(token, clientId)).valid === true, 'the token is not valid');
  demand(!(await ims.invalidateToken(token, clientId, clientSecret)), 'an answer where there is none');
};

compare([
  ['its own end-to-end test', null, endToEnd],
  ['a context: its token, and again without a request', null, async () => {
    const token = await tokenOf('one');
    demand((await getToken('one', {})) === token, 'the token was not kept');
    // A context of client credentials has no single secret, with which the client would end the token at IMS too.
    await invalidateToken('one', true);
  }],
  ['a context with a wrong secret', 'invalid client_secret parameter', () => tokenOf('two', { client_secrets: ['wrong'] })],
  ['a token, its organization, its end', null, async () => {
    const token = await exchange(rightKey, 'ent_dataservices_sdk');
    demand((await ims.validateToken(token, clientId)).valid === true, 'the token is not valid');
    const [organization] = await ims.getOrganizations(token);
    demand(`${organization.orgRef.ident}@${organization.orgRef.authSrc}` === orgId, 'another organization');
    await ims.invalidateToken(token, clientId, clientSecret);
    demand((await ims.validateToken(token, clientId)).valid === false, 'the token did not end');
  }],
  ['client credentials', null, () => credentials(clientSecret)],
  ['wrong key', 'invalid_signature', () => exchange(wrongKey, 'ent_dataservices_sdk')],
  ['wrong client id', 'invalid client_id parameter', () => exchange(rightKey, 'ent_dataservices_sdk', clientSecret, 'unknown-client')],
  ['wrong secret', 'invalid client_secret parameter', () => exchange(rightKey, 'ent_dataservices_sdk', 'wrong')],
  ['unknown metascope', 'a scope that does not exist', () => exchange(rightKey, 'ent_unknown_sdk')],
  ['client credentials, wrong secret', 'invalid client_secret parameter', () => credentials('wrong')],
  ['client credentials, unknown scope', 'invalid_scope', () => credentials(clientSecret, ['unknown'])],
]);
