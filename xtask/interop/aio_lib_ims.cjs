// @adobe/aio-lib-ims: knows the hosts of IMS alone; exchange, client credentials, validation, invalidation.
const { Ims } = require('@adobe/aio-lib-ims');
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

compare([
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
