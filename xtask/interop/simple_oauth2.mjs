// simple-oauth2: client credentials and a sign-in with the secret in the header and in the body, refresh and revocation.
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import { integration, compare, demand, lasts, signIn } from './cases.cjs';

const client = (secret = integration.clientSecret) => ({ id: integration.clientId, secret });
const place = { tokenHost: process.env.IMS_URL, tokenPath: '/ims/token/v3' };
const places = { ...place, authorizePath: '/ims/authorize/v2', revokePath: '/ims/revoke' };

const token = async (authorizationMethod, secret, scope = ['openid', 'AdobeID']) => {
  const oauth = new ClientCredentials({ client: client(secret), auth: place, options: { authorizationMethod } });
  const { token } = await oauth.getToken({ scope }).catch((error) => {
    throw new Error(error.data?.payload?.error_description ?? error.message);
  });
  demand(lasts(token.expires_in), 'another lifetime');
};

const people = async (authorizationMethod) => {
  // Its own setting for answers, `strict`, refuses the empty ones of /ims/revoke.
  const http = { json: true };
  const oauth = new AuthorizationCode({ client: client(), auth: places, http, options: { authorizationMethod, scopeSeparator: ',' } });
  const scope = ['openid', 'AdobeID', 'offline_access'];
  const address = oauth.authorizeURL({ redirect_uri: integration.redirectUri, scope, state: 'a&b=c' });
  const back = (await signIn(address, 'ADA@AdobeID')).searchParams;
  demand(back.get('state') === 'a&b=c', 'another state');
  const first = await oauth.getToken({ code: back.get('code'), redirect_uri: integration.redirectUri });
  const next = await first.refresh();
  await next.revokeAll();
};

compare([
  ['client credentials, Basic authentication', null, () => token('header')],
  ['client credentials, secret in the body', null, () => token('body')],
  ['sign-in, refresh, revocation, Basic authentication', null, () => people('header')],
  ['sign-in, refresh, revocation, secret in the body', null, () => people('body')],
  ['wrong secret', 'invalid client_secret parameter', () => token('header', 'wrong')],
  ['unknown scope', 'The client does not have all of the scopes.', () => token('header', undefined, ['unknown'])],
]);
