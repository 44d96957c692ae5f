// oauth2-mock-server: the command `ims` with a server that others wrote, at the paths of IMS.
import { OAuth2Server } from 'oauth2-mock-server';
import { compare, demand, ims } from './cases.cjs';

const endpoints = {
  wellKnownDocument: '/ims/.well-known/openid-configuration',
  token: '/ims/token/v3',
  authorize: '/ims/authorize/v2',
  jwks: '/ims/keys',
  userinfo: '/ims/userinfo/v2',
  revoke: '/ims/invalidate_token/v2',
};
const server = new OAuth2Server(undefined, undefined, { endpoints });
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
server.issuer.url = `http://127.0.0.1:${server.address().port}`;
server.service.on('beforeUserinfo', (response) => { response.body = { sub: 'ADA@AdobeID', email: 'ada@example.org' }; });
const oneRefusal = (error) => server.service.once('beforeResponse', (response) => {
  response.statusCode = 400;
  response.body = error;
});
const client = { client_id: 'any-client', client_secret: 'any-secret', scopes: ['openid'], ims_url: server.issuer.url };
const token = () => ims(client, 'token');

await compare([
  ['client credentials', null, async () => demand((await token()).trim().split('.').length === 3, 'no token')],
  ['userinfo', null, async () => demand((await ims(client, 'userinfo')).includes('ada@example.org'), 'another user')],
  ['discovery', null, async () => demand((await ims(client, 'discovery')).includes('/ims/token/v3'), 'another document')],
  ['keys', null, async () => demand((await ims(client, 'keys')).includes('RS256'), 'no key')],
  ['revoke', null, () => ims(client, 'revoke')],
  ['a refusal', 'the client secret is wrong', () => {
    oneRefusal({ error: 'invalid_client', error_description: 'invalid client_secret parameter' });
    return token();
  }],
]);
await server.stop();
