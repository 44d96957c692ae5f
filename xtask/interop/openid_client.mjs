// openid-client: discovery, sign-in with PKCE and Basic authentication, refresh, user info, revocation.
import * as client from 'openid-client';
import { integration, compare, demand, signIn } from './cases.cjs';

// IMS's issuer is not the URL before `/.well-known/`, so the document is named whole.
const document = new URL(`${process.env.IMS_URL}/ims/.well-known/openid-configuration`);
const discover = (secret) => client.discovery(
  document, integration.clientId, undefined, client.ClientSecretBasic(secret), { execute: [client.allowInsecureRequests] },
);
const redirectUri = integration.redirectUri;
const scope = 'openid AdobeID email profile offline_access';

const tokens = async (secret = integration.clientSecret) => {
  const config = await discover(secret);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const nonce = client.randomNonce();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri, scope, state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  });
  const checks = { pkceCodeVerifier, expectedNonce: nonce, expectedState: state, idTokenExpected: true };
  return [config, await client.authorizationCodeGrant(config, await signIn(url, 'ADA@AdobeID'), checks)];
};

compare([
  ['sign-in, ID token, user info, refresh, revocation', null, async () => {
    const [config, answer] = await tokens();
    const { sub, aud } = answer.claims();
    demand(sub === 'ADA@AdobeID' && aud === integration.clientId, 'another ID token');
    const info = await client.fetchUserInfo(config, answer.access_token, sub);
    demand(info.email === 'ada@example.org' && info.given_name === 'Ada', 'another user');
    const refreshed = await client.refreshTokenGrant(config, answer.refresh_token);
    await client.tokenRevocation(config, refreshed.access_token);
    const after = await client.fetchUserInfo(config, refreshed.access_token, sub).then(() => 'valid', () => 'ended');
    demand(after === 'ended', 'a revoked token is still valid');
  }],
  ['client credentials', null, async () => {
    await client.clientCredentialsGrant(await discover(integration.clientSecret), { scope: 'openid,AdobeID' });
  }],
  ['wrong secret', 'invalid client_secret parameter', async () => {
    await client.clientCredentialsGrant(await discover('wrong'), { scope: 'openid' }).catch((error) => {
      throw new Error(error.error_description ?? error.message);
    });
  }],
]);
