// Makes the page live: new verdicts, integrations, users, faults, and a decoder that sends nothing anywhere.
'use strict';

const byId = (id) => document.getElementById(id);

const element = (name, text, className) => {
  const node = document.createElement(name);
  node.textContent = text ?? '';
  if (className) node.className = className;
  return node;
};

const list = (text) => text.split(/[\s,]+/).filter((word) => word);

/** Sends a change; says in `place` what is wrong with it, or `done`. */
const change = async (method, path, body, place, done) => {
  const headers = { 'Content-Type': 'application/json' };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    byId(place).textContent = 'The emulator does not answer.';
    return false;
  }
  byId(place).textContent = answer.ok ? done : (await answer.json()).error;
  return answer.ok;
};

/** Loads the page again at `id`, since the server renders what has changed. */
const showAgain = (id) => {
  location.hash = id;
  location.reload();
};

// --- Requests -------------------------------------------------------------------------------------------------------

const verdicts = byId('verdicts');
const filter = byId('filter');
let last = Number(verdicts.dataset.last);

const title = (verdict) => {
  const time = new Date(verdict.received_at_ms).toISOString().slice(11, 19);
  const error = verdict.error ? ` ${verdict.error}` : '';
  const client = verdict.client_id ? ` (${verdict.client_id})` : '';
  return `${time} #${verdict.number} ${verdict.method} ${verdict.path} → ${verdict.status}${error}${client}`;
};

const line = (check) => {
  if (check.passed) return `ok   ${check.name}${check.actual && `: ${check.actual}`}`;
  return `FAIL ${check.name}: expected ${check.expected}, ${check.actual ? `got ${check.actual}` : 'there is none'}`;
};

const applyFilter = () => {
  const text = filter.elements.text.value.toLowerCase();
  const refused = filter.elements.refused.checked;
  for (const details of verdicts.children) {
    const fits = details.textContent.toLowerCase().includes(text);
    details.hidden = !fits || (refused && !details.classList.contains('refused'));
  }
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
    if (news.length > 0) {
      byId('news').textContent = title(news.at(-1));
      applyFilter();
    }
  } catch {
    byId('news').textContent = 'The emulator does not answer.';
  }
  setTimeout(refresh, 1000);
};
refresh();

filter.addEventListener('input', applyFilter);
filter.addEventListener('submit', (event) => event.preventDefault());
byId('clear').addEventListener('click', () => verdicts.replaceChildren());

// --- Integrations ---------------------------------------------------------------------------------------------------

const pem = (bytes) => {
  const text = new TextDecoder().decode(bytes);
  if (text.includes('-----BEGIN')) return text;
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
};

byId('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const field = (name) => form.elements[name].value.trim();
  const certificates = [];
  for (const file of form.elements.certificate.files) {
    certificates.push(pem(new Uint8Array(await file.arrayBuffer())));
  }
  const integration = { certificates };
  for (const name of ['client_id', 'org_id', 'technical_account_id']) integration[name] = field(name);
  for (const name of ['client_secrets', 'metascopes', 'scopes', 'redirect_uris', 'redirect_uri_patterns']) {
    integration[name] = list(field(name));
  }
  if (await change('POST', 'integrations', integration, 'added', 'Saved.')) showAgain('integrations');
});

document.addEventListener('click', async (event) => {
  const { remove, copy, removeUser } = event.target.dataset;
  if (remove && confirm(`Delete the integration ${remove}?`)) {
    if (await change('DELETE', `integrations/${remove}`, undefined, 'added', 'Deleted.')) showAgain('integrations');
  }
  if (removeUser && await change('DELETE', `users/${removeUser}`, undefined, 'user-added', 'Deleted.')) showAgain('users');
  if (copy) {
    const integrations = await (await fetch('integrations')).json();
    const integration = integrations.find((one) => one.client_id === copy);
    const form = byId('add');
    for (const input of form.elements) {
      const value = integration?.[input.name];
      if (input.type !== 'file' && input.type !== 'password' && value !== undefined) {
        input.value = Array.isArray(value) ? value.join(', ') : value;
      }
    }
    byId('added').textContent = 'Secrets and certificates are not copied: give them again.';
    form.elements.client_id.focus();
  }
});

// --- Users, faults, clock -------------------------------------------------------------------------------------------

/** What a form says: texts and numbers, without what is empty. */
const entries = (form) => {
  const object = {};
  for (const input of form.elements) {
    if (!input.name || input.value === '') continue;
    object[input.name] = input.type === 'number' ? Number(input.value) : input.value;
  }
  return object;
};

const onSubmit = (id, send) => byId(id).addEventListener('submit', (event) => {
  event.preventDefault();
  send(entries(event.target));
});

onSubmit('add-user', async (user) => {
  if (await change('POST', 'users', user, 'user-added', 'Added.')) showAgain('users');
});
onSubmit('fault', (fault) => change('POST', 'faults', fault, 'changed', `Injected: ${fault.fault}.`));
onSubmit('clock', (clock) => change('PUT', 'clock', clock, 'changed', `The clock is ${clock.offset_seconds} s ahead.`));
byId('no-faults').addEventListener('click', () => change('DELETE', 'faults', undefined, 'changed', 'No faults any more.'));
byId('rotate').addEventListener('click', () => change('POST', 'keys', {}, 'changed', 'A new key signs from now on.'));

// --- Connect your client --------------------------------------------------------------------------------------------

byId('base').textContent = location.origin;
for (const node of document.querySelectorAll('.base')) node.textContent = location.origin;
byId('lines').textContent = [
  `# the command`, `ims token -c FILE --ims-url ${location.origin}`,
  `# curl, client credentials`,
  `curl ${location.origin}/ims/token/v3 -d grant_type=client_credentials -d client_id=… -d scope=… --data-urlencode client_secret@FILE`,
  `# @adobe/jwt-auth for Node`, `auth({ ...credentials, ims: '${location.origin}' })`,
  `# umapi-client, aanalytics2 and others with hard-coded hosts`, `eval "$(ims emulator env --ims-url ${location.origin} --ca-dir DIR --for python)"`,
].join('\n');

// --- Decode a token -------------------------------------------------------------------------------------------------

const octets = (base64url) =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

const rs256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

const hasSigned = async (format, key, input, signature) => {
  const imported = await crypto.subtle.importKey(format, key, rs256, false, ['verify']);
  return crypto.subtle.verify(rs256, imported, signature, new TextEncoder().encode(input));
};

const date = (ms) => (Number.isFinite(ms) ? new Date(ms).toISOString() : 'no date');

/** The checks of an access token, a code or another token that an emulator or IMS has issued. */
const checkIssued = async (header, claims, input, signature, now) => {
  const { keys } = await (await fetch('/ims/keys')).json();
  const key = keys.find((one) => one.kid === header.kid);
  const end = Number(claims.created_at) + Number(claims.expires_in);
  const checks = [
    [true, `it is of the type ${claims.type}, for ${claims.client_id}`],
    [key !== undefined, `its key is one of this emulator's: ${header.kid}`],
    [end > now, `it has not ended: ${date(end)}`],
  ];
  if (key) {
    const jwk = { kty: key.kty, n: key.n, e: key.e };
    checks.push([await hasSigned('jwk', jwk, input, signature), 'the signature is right']);
  }
  return checks;
};

/** The checks of an assertion, in the words of a verdict. */
const checkAssertion = async (header, claims, input, signature, now) => {
  const integrations = await (await fetch('integrations')).json();
  const clientId = String(claims.aud).split('/c/').at(-1);
  const integration = integrations.find((one) => one.client_id === clientId);
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
    if (await hasSigned('spki', spki, input, signature)) signer = certificate;
  }
  checks.push([signer !== undefined, `a certificate's key has signed: ${signer ? signer.subject : 'none of them'}`]);
  return checks;
};

const check = async (token) => {
  const [head, body, signature, ...rest] = token.trim().split('.');
  if (signature === undefined || rest.length > 0) return { checks: [[false, 'three parts, separated by dots']] };
  const json = (part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets(part)));
  let header;
  let claims;
  let signed;
  try {
    header = json(head);
    claims = json(body);
    signed = octets(signature);
  } catch {
    return { checks: [[false, 'header and payload are JSON objects in base64url, and the signature is base64url']] };
  }
  const { now_ms: now } = await (await fetch('clock')).json();
  const checkClaims = typeof claims.type === 'string' && 'created_at' in claims ? checkIssued : checkAssertion;
  return { header, claims, checks: await checkClaims(header, claims, `${head}.${body}`, signed, now) };
};

/** How many texts were entered: the result of an older one, which may come later, is not shown. */
let entered = 0;

byId('jwt').addEventListener('input', async (event) => {
  entered += 1;
  const own = entered;
  const results = byId('jwt-checks');
  const decoded = byId('jwt-decoded');
  results.replaceChildren();
  decoded.textContent = '';
  if (!event.target.value.trim()) return;
  try {
    const { header, claims, checks } = await check(event.target.value);
    if (own !== entered) return;
    results.replaceChildren(...checks.map(([passed, text]) =>
      element('li', `${passed ? 'ok  ' : 'FAIL'} ${text}`, passed ? 'passed' : 'failed')));
    if (claims) decoded.textContent = `${JSON.stringify(header, null, 2)}\n${JSON.stringify(claims, null, 2)}`;
  } catch {
    results.replaceChildren(element('li', 'FAIL the emulator does not answer'));
  }
});
