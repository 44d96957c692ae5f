// @adobe/asset-compute-client: goes to its second client secret on "invalid client_secret parameter".
const { AssetComputeClient } = require('@adobe/asset-compute-client');
const { integration, compare, demand } = require('./cases.cjs');

const token = async (secrets, scopes = ['openid', 'AdobeID']) => {
  const client = new AssetComputeClient({
    TYPE: 'oauthservertoserver',
    ORG_ID: integration.orgId,
    CLIENT_ID: integration.clientId,
    CLIENT_SECRETS: secrets,
    TECHNICAL_ACCOUNT_ID: integration.technicalAccountId,
    TECHNICAL_ACCOUNT_EMAIL: 'technical@example.org',
    SCOPES: scopes,
  }, { imsEndpoint: process.env.IMS_URL });
  await client.initialize();
  demand(client.accessToken.split('.').length === 3, 'no token');
};

console.warn = () => {};
compare([
  ['the second secret', null, () => token(['former-secret', integration.clientSecret])],
  ['no secret is right', 'all client_secret tokens failed', () => token(['wrong', 'also wrong'])],
  ['unknown scope', 'invalid_scope', () => token([integration.clientSecret], ['unknown'])],
]);
