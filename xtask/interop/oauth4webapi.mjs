// oauth4webapi: each step by itself, with Basic authentication, and an error in the redirection.
import * as oauth from 'oauth4webapi';
import { integration, compare, demand, signIn } from './cases.cjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(`${process.env.IMS_URL}/ims`);
const client = { client_id: integration.clientId };
const basic = oauth.ClientSecretBasic(integration.clientSecret);
const server = async () => oauth.processDiscoveryResponse(
  new URL((await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()).issuer),
  await oauth.discoveryRequest(issuer, { ...insecure }),
);

const code = async (as, extra, verifier) => {
  const url = new URL(as.authorization_endpoint);
  const parameters = {
    client_id: client.client_id, redirect_uri: integration.redirectUri, response_type: 'code', scope: 'openid AdobeID profile',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...extra,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return oauth.validateAuthResponse(as, client, await signIn(url, extra.login_hint ?? 'ADA@AdobeID'), oauth.expectNoState);
};

compare([
  ['sign-in with PKCE, user info, keys', null, async () => {
    const as = await server();
    const verifier = oauth.generateRandomCodeVerifier();
    const callback = await code(as, {}, verifier);
    const response = await oauth.authorizationCodeGrantRequest(
      as, client, basic, callback, integration.redirectUri, verifier, insecure,
    );
    const answer = await oauth.processAuthorizationCodeResponse(as, client, response, { requireIdToken: true });
    await oauth.validateApplicationLevelSignature(as, response, insecure);
    const { sub } = oauth.getValidatedIdTokenClaims(answer);
    const info = await oauth.userInfoRequest(as, client, answer.access_token, insecure);
    demand((await oauth.processUserInfoResponse(as, client, sub, info)).name === 'Ada Lovelace', 'another user');
    const revoked = await oauth.revocationRequest(as, client, basic, answer.access_token, insecure);
    await oauth.processRevocationResponse(revoked);
  }],
  ['client credentials', null, async () => {
    const as = await server();
    const response = await oauth.clientCredentialsGrantRequest(as, client, basic, { scope: 'openid,AdobeID' }, insecure);
    await oauth.processClientCredentialsResponse(as, client, response);
  }],
  ['unknown scope in the redirection', 'invalid_scope', async () => {
    await code(await server(), { scope: 'unknown' }, oauth.generateRandomCodeVerifier()).catch(({ error }) => {
      throw new Error(error);
    });
  }],
]);
