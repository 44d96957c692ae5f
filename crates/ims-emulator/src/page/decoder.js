// Decodes tokens on the page and checks them by the emulator's clock, keys and integrations. It sends no token anywhere.
'use strict';

const decoder = (() => {
  const octets = (base64url) =>
    Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

  const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

  const hasSigned = async (format, key, { input, signature }) => {
    const imported = await crypto.subtle.importKey(format, key, rs256, false, ['verify']);
    return crypto.subtle.verify(rs256, imported, signature, new TextEncoder().encode(input));
  };

  const load = async (path) => (await fetch(path)).json();

  const date = (ms) => (Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : 'no date');

  /** The checks of what an emulator or IMS has signed: its key and its signature. */
  const checkKey = async (header, token) => {
    const { keys } = await load('keys');
    const key = keys.find((one) => one.kid === header.kid);
    const checks = [[key !== undefined, `its key is one of this emulator's: ${header.kid ?? 'none is named'}`]];
    if (key) {
      const { kty, n, e } = key;
      checks.push([await hasSigned('jwk', { kty, n, e }, token), 'the signature is right']);
    }
    return checks;
  };

  /** An access token, a code or another token with `created_at` and `expires_in`, texts in milliseconds. */
  const checkToken = async (header, claims, token, now) => {
    const end = Number(claims.created_at) + Number(claims.expires_in);
    return [
      [true, `it is of the type ${claims.type}, for ${claims.client_id}`],
      [end > now, `it has not ended: ${date(end)}`],
      ...await checkKey(header, token),
    ];
  };

  /** An ID token, which alone has `iss`, a URL, and no metascopes. */
  const checkIdToken = async (header, claims, token, now) => [
    [true, `it is an ID token of ${claims.sub}, for ${claims.aud}`],
    [claims.exp * 1000 > now, `it has not ended: ${date(claims.exp * 1000)}`],
    ...await checkKey(header, token),
  ];

  /** An assertion, in the words of a verdict. */
  const checkAssertion = async (header, claims, token, now) => {
    const clientId = String(claims.aud).split('/c/').at(-1);
    const integration = (await load('integrations')).find((one) => one.client_id === clientId);
    const metascopes = Object.keys(claims).filter((name) => name.includes('/s/')).map((name) => name.split('/s/').at(-1));
    const isInteger = Number.isInteger(claims.exp);
    const checks = [
      [header.alg === 'RS256', `alg is RS256: ${header.alg ?? 'there is none'}`],
      [isInteger, `exp is an integer: ${claims.exp ?? 'there is none'}`],
      [isInteger && claims.exp > now / 1000 - 30, `exp has not passed: ${isInteger ? date(claims.exp * 1000) : 'no date'}`],
      [isInteger && claims.exp <= now / 1000 + 86430, 'exp is at most 24 hours away'],
      [integration !== undefined, `aud names a registered client id: ${clientId}`],
      [metascopes.length > 0, `there are metascopes: ${metascopes.join(', ') || 'none'}`],
    ];
    if (!integration) return checks;
    checks.push([claims.iss === integration.org_id, `iss is the integration's: ${claims.iss}`]);
    checks.push([claims.sub === integration.technical_account_id, `sub is the integration's: ${claims.sub}`]);
    const foreign = metascopes.filter((code) => !integration.metascopes.includes(code));
    checks.push([foreign.length === 0, `metascopes are the integration's${foreign.length ? `, but not ${foreign.join(', ')}` : ''}`]);
    let signer;
    for (const certificate of integration.certificates) {
      const spki = Uint8Array.from(atob(certificate.public_key), (c) => c.charCodeAt(0));
      if (await hasSigned('spki', spki, token)) signer = certificate;
    }
    checks.push([signer !== undefined, `a certificate's key has signed: ${signer ? signer.subject : 'none of them'}`]);
    return checks;
  };

  const checkOf = (claims) => {
    if (typeof claims.type === 'string' && 'created_at' in claims) return checkToken;
    const isMetascope = (name) => name.includes('/s/');
    if (/^https?:/.test(claims.iss) && !Object.keys(claims).some(isMetascope)) return checkIdToken;
    return checkAssertion;
  };

  /** What a text is that a person has pasted: its header and claims, and checks, each a verdict and its words. */
  const decode = async (text) => {
    const jwt = text.trim().replace(/^(authorization:\s*)?bearer\s+/i, '').replace(/^["']|["']$/g, '').replace(/\s+/g, '');
    const parts = jwt.split('.');
    if (parts.length !== 3) return { checks: [[false, 'three parts, separated by dots']] };
    const json = (part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets(part)));
    let header;
    let claims;
    let signature;
    try {
      [header, claims] = [json(parts[0]), json(parts[1])];
      signature = octets(parts[2]);
      if (typeof header !== 'object' || typeof claims !== 'object' || !header || !claims) throw new Error('no objects');
    } catch {
      return { checks: [[false, 'header and payload are JSON objects in base64url, and the signature is base64url']] };
    }
    const { now_ms: now } = await load('clock');
    const token = { input: `${parts[0]}.${parts[1]}`, signature };
    return { header, claims, checks: await checkOf(claims)(header, claims, token, now) };
  };

  return { decode };
})();
