// Makes the page live: new verdicts, new integrations, and a JWT decoder that sends nothing anywhere.
'use strict';

const element = (name, text, className) => {
  const node = document.createElement(name);
  node.textContent = text ?? '';
  if (className) node.className = className;
  return node;
};

// --- Verdicts -------------------------------------------------------------------------------------------------------

const verdicts = document.getElementById('verdicts');
let last = Number(verdicts.dataset.last);

const title = (verdict) => {
  const error = verdict.error ? ` ${verdict.error}` : '';
  const client = verdict.client_id ? ` (${verdict.client_id})` : '';
  return `#${verdict.number} ${verdict.method} ${verdict.path} → ${verdict.status}${error}${client}`;
};

const line = (check) => {
  if (check.passed) return `ok   ${check.name}${check.actual && `: ${check.actual}`}`;
  return `FAIL ${check.name}: expected ${check.expected}, ${check.actual ? `got ${check.actual}` : 'there is none'}`;
};

const show = (verdict) => {
  const details = element('details', '', verdict.refusal ? 'refused' : 'granted');
  details.append(element('summary', title(verdict)));
  if (verdict.remedy) details.append(element('p', verdict.remedy, 'remedy'));
  details.append(element('pre', verdict.checks.map(line).join('\n')));
  verdicts.prepend(details);
};

const refresh = async () => {
  try {
    const news = await (await fetch(`requests?after=${last}`)).json();
    for (const verdict of news) {
      show(verdict);
      last = Math.max(last, verdict.number);
    }
    while (verdicts.children.length > 200) verdicts.lastElementChild.remove();
    if (news.length > 0) document.getElementById('news').textContent = title(news.at(-1));
  } catch {
    document.getElementById('news').textContent = 'The emulator does not answer.';
  }
  setTimeout(refresh, 1000);
};
refresh();

// --- Add an integration --------------------------------------------------------------------------------------------------

const pem = (bytes) => {
  const text = new TextDecoder().decode(bytes);
  if (text.includes('-----BEGIN')) return text;
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
};

const list = (text) => text.split(/[\s,]+/).filter((word) => word);

document.getElementById('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const field = (name) => form.elements[name].value.trim();
  const said = document.getElementById('added');
  const certificates = [];
  for (const file of form.elements.certificate.files) {
    certificates.push(pem(new Uint8Array(await file.arrayBuffer())));
  }
  const integration = {
    client_id: field('client_id'),
    org_id: field('org_id'),
    technical_account_id: field('technical_account_id'),
    client_secrets: [field('client_secret')].filter((secret) => secret),
    metascopes: list(field('metascopes')),
    scopes: list(field('scopes')),
    certificates,
  };
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch('integrations', { method: 'POST', headers, body: JSON.stringify(integration) });
  if (answer.ok) {
    location.reload();
    return;
  }
  said.textContent = `Not added: ${(await answer.json()).error}.`;
});

// --- Decode a JWT ---------------------------------------------------------------------------------------------------

const octets = (base64url) =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

const hasSigned = async (certificate, input, signature) => {
  const spki = Uint8Array.from(atob(certificate.public_key), (c) => c.charCodeAt(0));
  const key = await crypto.subtle.importKey('spki', spki, rs256, false, ['verify']);
  return crypto.subtle.verify(rs256, key, signature, new TextEncoder().encode(input));
};

const check = async (jwt) => {
  const [head, body, signature, ...rest] = jwt.trim().split('.');
  if (signature === undefined || rest.length > 0) return { checks: [[false, 'three parts, separated by dots']] };
  const json = (part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets(part)));
  let header;
  let claims;
  try {
    header = json(head);
    claims = json(body);
  } catch {
    return { checks: [[false, 'header and payload are JSON objects in base64url']] };
  }
  const integrations = await (await fetch('integrations')).json();
  const clientId = String(claims.aud).split('/c/').at(-1);
  const integration = integrations.find((one) => one.client_id === clientId);
  const metascopes = Object.keys(claims).filter((name) => name.includes('/s/')).map((name) => name.split('/s/').at(-1));
  const now = Date.now() / 1000;
  const checks = [
    [header.alg === 'RS256', `alg is RS256: ${header.alg}`],
    [Number.isInteger(claims.exp), `exp is an integer: ${claims.exp}`],
    [claims.exp > now - 30, `exp has not passed: ${new Date(claims.exp * 1000).toString()}`],
    [claims.exp <= now + 86430, 'exp is at most 24 hours away'],
    [integration !== undefined, `aud names a registered client id: ${clientId}`],
    [metascopes.length > 0, `there are metascopes: ${metascopes.join(', ')}`],
  ];
  if (integration) {
    checks.push([claims.iss === integration.org_id, `iss is the integration's: ${claims.iss}`]);
    checks.push([claims.sub === integration.technical_account_id, `sub is the integration's: ${claims.sub}`]);
    const foreign = metascopes.filter((code) => !integration.metascopes.includes(code));
    checks.push([foreign.length === 0, `metascopes are the integration's${foreign.length ? `, but not ${foreign.join(', ')}` : ''}`]);
    let signer;
    for (const certificate of integration.certificates) {
      if (await hasSigned(certificate, `${head}.${body}`, octets(signature))) signer = certificate;
    }
    checks.push([signer !== undefined, `a certificate's key has signed: ${signer ? signer.subject : 'none of them'}`]);
  }
  return { header, claims, checks };
};

document.getElementById('jwt').addEventListener('input', async (event) => {
  const results = document.getElementById('jwt-checks');
  const decoded = document.getElementById('jwt-decoded');
  results.replaceChildren();
  decoded.textContent = '';
  if (!event.target.value.trim()) return;
  try {
    const { header, claims, checks } = await check(event.target.value);
    results.replaceChildren(...checks.map(([passed, text]) => element('li', `${passed ? 'ok  ' : 'FAIL'} ${text}`)));
    if (claims) decoded.textContent = `${JSON.stringify(header, null, 2)}\n${JSON.stringify(claims, null, 2)}`;
  } catch (error) {
    results.replaceChildren(element('li', `FAIL ${error.message}`));
  }
});
