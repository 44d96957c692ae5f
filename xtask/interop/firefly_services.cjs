// @adobe/firefly-services-common-apis: its token provider, which knows the host of IMS alone.
const { ServerToServerTokenProvider } = require('@adobe/firefly-services-common-apis');
const { integration, compare, demand, leadFetch } = require('./cases.cjs');

leadFetch();
const token = async (clientSecret, scopes = 'openid,AdobeID') => {
  const provider = new ServerToServerTokenProvider({ clientId: integration.clientId, clientSecret, scopes }, { autoRefresh: true });
  // It does not look at the status: what is not a token is undefined.
  return provider.getToken();
};

compare([
  ['client credentials', null, async () => demand((await token(integration.clientSecret)).split('.').length === 3, 'no token')],
  ['wrong secret', 'no token', async () => demand(await token('wrong'), 'no token')],
  ['unknown scope', 'no token', async () => demand(await token(integration.clientSecret, 'unknown'), 'no token')],
]);
