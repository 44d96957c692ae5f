// @adobe/aio-commerce-lib-auth: client credentials for Commerce apps, at the host of IMS alone.
import { getImsAuthProvider } from '@adobe/aio-commerce-lib-auth';
import { integration, compare, demand, leadFetch } from './cases.cjs';

leadFetch();
let contexts = 0;
const headers = async (changed = {}) => {
  contexts += 1;
  const provider = getImsAuthProvider({
    clientId: integration.clientId,
    clientSecrets: [integration.clientSecret],
    technicalAccountId: integration.technicalAccountId,
    technicalAccountEmail: 'technical@example.org',
    imsOrgId: integration.orgId,
    scopes: ['openid', 'AdobeID'],
    environment: 'prod',
    // The tokens of one context are kept.
    context: `context-${contexts}`,
    ...changed,
  });
  return provider.getHeaders();
};

compare([
  ['headers with a token', null, async () => {
    const { Authorization, 'x-api-key': key } = await headers();
    demand(Authorization.split('.').length === 3 && key === integration.clientId, 'no token or another key');
  }],
  ['wrong secret', 'invalid client_secret parameter', () => headers({ clientSecrets: ['wrong'] })],
  ['unknown scope', 'invalid_scope', () => headers({ scopes: ['unknown'] })],
]);
