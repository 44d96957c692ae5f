// @adobe/spacecat-shared-ims-client: Adobe's own service client: service tokens, administration, promises between two clients.
import { ImsClient, ImsPromiseClient } from '@adobe/spacecat-shared-ims-client';
import { integration, compare, demand, lasts, userToken } from './cases.cjs';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const { clientId, clientSecret, orgId, technicalAccountId, serviceCode } = integration;
const env = {
  // The emulator serves TLS on the same port.
  IMS_HOST: new URL(process.env.IMS_URL).host,
  IMS_CLIENT_ID: clientId,
  IMS_CLIENT_CODE: serviceCode,
  IMS_CLIENT_SECRET: clientSecret,
  IMS_SCOPE: 'openid,AdobeID',
};
const client = (changed = {}) => ImsClient.createFrom({ log, env: { ...env, ...changed } });
const promiseEnv = {
  IMS_HOST: env.IMS_HOST,
  IMS_PROMISE_EMITTER_CLIENT_ID: clientId,
  IMS_PROMISE_EMITTER_CLIENT_SECRET: clientSecret,
  IMS_PROMISE_EMITTER_DEFINITION_ID: 'definition',
  IMS_PROMISE_CONSUMER_CLIENT_ID: 'other-client',
  IMS_PROMISE_CONSUMER_CLIENT_SECRET: 'other-secret',
  AUTOFIX_CRYPT_SECRET: 'secret',
  AUTOFIX_CRYPT_SALT: 'salt',
};
const promiseClient = (type) => ImsPromiseClient.createFrom({ log, env: promiseEnv }, ImsPromiseClient.CLIENT_TYPE[type]);

compare([
  ['a service token and one of client credentials', null, async () => {
    const service = await client().getServiceAccessToken();
    const own = await client().getServiceAccessTokenV3();
    demand(lasts(service.expires_in) && lasts(own.expires_in), 'not tokens of 24 hours in seconds');
  }],
  ['an organization with its tenant and administrators', null, async () => {
    const details = await client().getImsOrganizationDetails(orgId);
    demand(details.tenantId === 'test' && details.orgType === 'Enterprise', 'no tenant or type');
    demand(details.admins.length === 1 && details.admins[0].email === 'ada@example.org', 'other administrators');
  }],
  ['profile, organizations, validation, account cluster of a user', null, async () => {
    const token = await userToken();
    const profile = await client().getImsUserProfile(token);
    demand(profile.email === 'ada@example.org' && profile.organizations.includes(orgId), 'another profile');
    demand((await client().getImsUserOrganizations(token)).length >= 1, 'no organization');
    demand((await client().validateAccessToken(token)).valid === true, 'the token is not valid');
    demand(Array.isArray((await client().getAccountCluster(token)).data), 'no account cluster');
  }],
  ['administration', null, async () => {
    demand((await client().getImsAdminProfile('ADA@AdobeID')).email === 'ada@example.org', 'another profile');
    demand((await client().getImsAdminOrganizations('ADA@AdobeID')).length >= 1, 'no organization');
    demand((await client().getImsAdminProfile(technicalAccountId)).userId === technicalAccountId, 'another account');
  }],
  ['a promise of one client, exchanged by another', null, async () => {
    const { promise_token } = await promiseClient('EMITTER').getPromiseToken(await userToken(), true);
    const exchanged = await promiseClient('CONSUMER').exchangeToken(promise_token, true);
    demand(exchanged.access_token.split('.').length === 3 && exchanged.promise_token_expires_in > 0, 'not exchanged');
    await promiseClient('CONSUMER').invalidatePromiseToken(exchanged.promise_token, true);
  }],
  ['wrong secret', 'failed with status: 400', () => client({ IMS_CLIENT_SECRET: 'wrong' }).getServiceAccessToken()],
  ['unknown user', 'failed with status: 404', () => client().getImsAdminProfile('UNKNOWN@AdobeID')],
]);
