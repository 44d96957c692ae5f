// oidc-provider: the command `ims` with a certified provider at the paths of IMS: client credentials, keys, revocation, and a
// sign-in with PKCE.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { compare, demand, ims, imsLogin } from './cases.cjs';

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const url = `http://127.0.0.1:${server.address().port}`;
// A port that was free a moment ago, for the command.
const other = createServer();
await new Promise((done) => other.listen(0, '127.0.0.1', done));
const redirectUri = `http://127.0.0.1:${other.address().port}/callback`;
await new Promise((done) => other.close(done));
const provider = new Provider(url, {
  clients: [
    {
      client_id: 'any-client', client_secret: 'any-secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'client_secret_post', scope: 'openid',
    },
    {
      client_id: 'web-client', client_secret: 'any-secret', grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri], application_type: 'native', scope: 'openid',
    },
  ],
  routes: {
    authorization: '/ims/authorize/v2', token: '/ims/token/v3', jwks: '/ims/keys', userinfo: '/ims/userinfo/v2', revocation: '/ims/invalidate_token/v2',
  },
  features: {
    clientCredentials: { enabled: true }, revocation: { enabled: true }, userinfo: { enabled: true }, devInteractions: { enabled: true },
  },
  scopes: ['openid', 'offline_access'],
  pkce: { required: () => true },
  issueRefreshToken: () => true,
});
server.on('request', provider.callback());

const client = { client_id: 'any-client', client_secret: 'any-secret', scopes: ['openid'], ims_url: url };
const web = { user: true, client_id: 'web-client', client_secret: 'any-secret', scopes: ['openid'], ims_url: url };
const wrong = { ...client, client_secret: 'wrong' };

// A person with a browser: keeps cookies, follows redirections, and sends the provider's own forms for sign-in and consent.
const signInAt = async (address) => {
  const cookies = new Map();
  const visit = async (place, form) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const body = form && new URLSearchParams(form);
    const answer = await fetch(place, { method: form ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      cookies.set(name, value);
    }
    const next = answer.headers.get('location');
    return next ? new URL(next, place).href : place;
  };
  let place = address;
  for (let steps = 0; steps < 12 && !place.startsWith(redirectUri); steps += 1) {
    if (!place.includes('/interaction/')) {
      place = await visit(place);
      continue;
    }
    const page = await (await fetch(place, { headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') } })).text();
    const isLogin = page.includes('name="login"');
    place = await visit(place, isLogin ? { prompt: 'login', login: 'ADA', password: 'any' } : { prompt: 'consent' });
  }
  await fetch(place);
};

await compare([
  ['client credentials', null, async () => demand((await ims(client, 'token')).trim().length > 20, 'no token')],
  ['keys', null, async () => demand((await ims(client, 'keys')).includes('RS256'), 'no key')],
  ['revoke', null, () => ims(client, 'revoke')],
  ['wrong secret', 'invalid_client', () => ims(wrong, 'token')],
  ['sign-in with PKCE', null, () => imsLogin(web, ['--redirect-uri', redirectUri], signInAt)],
]);
server.close();
server.closeAllConnections();
