// @badgateway/oauth2-client: client credentials, sign-in, refresh and revocation with Basic authentication.
import { OAuth2Client, generateCodeVerifier } from '@badgateway/oauth2-client';
import { integration, compare, demand, signIn } from './cases.cjs';

const client = (clientSecret = integration.clientSecret) => new OAuth2Client({
  server: process.env.IMS_URL,
  clientId: integration.clientId,
  clientSecret,
  discoveryEndpoint: '/ims/.well-known/openid-configuration',
  authenticationMethod: 'client_secret_basic',
});
const redirectUri = integration.redirectUri;

compare([
  ['sign-in, refresh, revocation', null, async () => {
    const codeVerifier = await generateCodeVerifier();
    const url = await client().authorizationCode.getAuthorizeUri({
      redirectUri, state: 'state', codeVerifier, scope: ['openid', 'AdobeID', 'offline_access'],
    });
    const callback = await signIn(url, 'ADA@AdobeID');
    const token = await client().authorizationCode.getTokenFromCodeRedirect(callback, { redirectUri, state: 'state', codeVerifier });
    const refreshed = await client().refreshToken(token);
    demand(refreshed.accessToken.split('.').length === 3 && refreshed.expiresAt > Date.now(), 'not refreshed');
    await client().revoke(refreshed, 'access_token');
    const url2 = `${process.env.IMS_URL}/ims/userinfo/v2`;
    const answer = await fetch(url2, { headers: { Authorization: `Bearer ${refreshed.accessToken}` } });
    demand(answer.status === 401, 'a revoked token is still valid');
  }],
  ['client credentials', null, () => client().clientCredentials({ scope: ['openid,AdobeID'] })],
  ['wrong secret', 'invalid client_secret parameter', () => client('wrong').clientCredentials({ scope: ['openid'] })],
]);
