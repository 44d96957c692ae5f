// oidc-client-ts: discovery, sign-in with PKCE, nonce and user info, refresh, revocation.
const { InMemoryWebStorage, OidcClient, WebStorageStateStore } = require('oidc-client-ts');
const { integration, compare, demand, signIn } = require('./cases.cjs');

const stateStore = new WebStorageStateStore({ store: new InMemoryWebStorage() });
const settings = (changed) => ({
  authority: process.env.IMS_URL,
  metadataUrl: `${process.env.IMS_URL}/ims/.well-known/openid-configuration`,
  client_id: integration.clientId,
  client_secret: integration.clientSecret,
  redirect_uri: integration.redirectUri,
  scope: 'openid AdobeID email profile offline_access',
  loadUserInfo: true,
  stateStore,
  ...changed,
});

const people = async (changed) => {
  const oidc = new OidcClient(settings(changed));
  const request = await oidc.createSigninRequest({ state: 'own', nonce: 'a-nonce' });
  const answer = await oidc.processSigninResponse((await signIn(request.url, 'ADA@AdobeID')).href);
  demand(answer.profile.sub === 'ADA@AdobeID' && answer.profile.email === 'ada@example.org', 'another user');
  const { refresh_token, id_token, scope, profile } = answer;
  const state = { refresh_token, id_token, scope, profile, session_state: null, data: null };
  const refreshed = await oidc.useRefreshToken({ state });
  await oidc.revokeToken(refreshed.access_token, 'access_token');
};

compare([
  ['sign-in, user info, refresh, revocation', null, () => people({})],
  ['the same with Basic authentication', null, () => people({ client_authentication: 'client_secret_basic' })],
  ['wrong secret', 'invalid client_secret parameter', () => people({ client_secret: 'wrong' })],
]);
