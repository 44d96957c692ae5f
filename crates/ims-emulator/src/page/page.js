// Makes the page live. The server renders what is shown; this puts the new in place of the old, and sends what forms say.
'use strict';

const byId = (id) => document.getElementById(id);
const list = (text) => text.split(/[\s,]+/).filter((word) => word);

const say = (place, text) => { byId(place).textContent = text; };

/** Sends a change; gives what is wrong with it, and with which member, if anything is. */
const send = async (method, path, body) => {
  const headers = { 'Content-Type': 'application/json' };
  try {
    const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.ok) return undefined;
    const { error, member } = await answer.json();
    // What a form has is one line.
    return { message: member ? error.replace(/^line \d+: /, '') : error, member };
  } catch {
    return { message: 'The emulator does not answer.' };
  }
};

/** Puts the parts of the page with these ids in place of the old, as the server renders them now. */
const renew = async (...ids) => {
  const page = new DOMParser().parseFromString(await (await fetch('./')).text(), 'text/html');
  for (const id of ids) {
    const part = byId(id);
    const chosen = part.value;
    part.replaceChildren(...page.getElementById(id).childNodes);
    if (!part.options) continue;
    // What was chosen stays so, or else the first is.
    part.value = chosen;
    if (part.selectedIndex < 0) part.selectedIndex = 0;
  }
};

/** Sends a change and says in `place` how it went; renews these parts if it went well. */
const change = async (place, done, [method, path, body], ...ids) => {
  const error = await send(method, path, body);
  say(place, error ? error.message : done);
  byId(place).classList.toggle('error', Boolean(error));
  if (!error) await renew(...ids);
  return !error;
};

// --- Sections: one at a time, named by the address --------------------------------------------------------------------

const sections = [...document.querySelectorAll('main > section')];
const showSection = () => {
  const id = location.hash.slice(1);
  const current = sections.find((section) => section.id === id) ?? sections[0];
  for (const section of sections) section.hidden = section !== current;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash.slice(1) === current.id) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const title = current.querySelector('h2').textContent;
  document.title = `${title} · ims-emulator`;
  if (current.id === 'faults') renew('fault-list');
};
addEventListener('hashchange', () => {
  showSection();
  scrollTo(0, 0);
});
showSection();
// The browser has gone to where the section was among the others.
addEventListener('load', () => scrollTo(0, 0));

// --- Requests ---------------------------------------------------------------------------------------------------------

const verdicts = byId('verdicts');
const filter = byId('filter');
const MOST_ROWS = 300;
let last = Number(verdicts.firstElementChild?.dataset.number ?? 0);

const applyFilter = () => {
  const { text, refused } = filter.elements;
  let shown = 0;
  for (const row of verdicts.children) {
    const fits = row.textContent.toLowerCase().includes(text.value.trim().toLowerCase());
    row.hidden = !fits || (refused.checked && !row.classList.contains('refused'));
    shown += row.hidden ? 0 : 1;
  }
  const count = verdicts.children.length;
  byId('no-verdicts').hidden = count > 0;
  byId('count').textContent = shown < count ? `${shown} of ${count} are shown` : '';
};

const setLive = (text, className) => {
  const live = byId('live');
  // Only what is new is read aloud.
  if (live.textContent !== text) live.textContent = text;
  live.className = `live ${className}`;
};

const refresh = async () => {
  try {
    if (filter.elements.paused.checked) {
      setLive('paused', '');
    } else {
      const answer = await fetch(`rows?after=${last}`);
      const rows = new DOMParser().parseFromString(await answer.text(), 'text/html').body.children;
      if (rows.length > 0) {
        last = Number(rows[0].dataset.number);
        countUnseen(rows);
        verdicts.prepend(...rows);
        while (verdicts.children.length > MOST_ROWS) verdicts.lastElementChild.remove();
        applyFilter();
      }
      setLive('live', 'on');
    }
  } catch {
    setLive('the emulator does not answer', 'off');
  }
  setTimeout(refresh, 1000);
};
applyFilter();
refresh();

/** How many requests were refused since the page was last looked at: the title says so. */
let unseen = 0;
const countUnseen = (rows) => {
  if (!document.hidden) return;
  for (const row of rows) unseen += row.classList.contains('refused') ? 1 : 0;
  if (unseen > 0) document.title = `(${unseen} refused) ims-emulator`;
};
document.addEventListener('visibilitychange', () => {
  unseen = 0;
  showSection();
});

verdicts.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
  if (!step || event.target.parentElement.parentElement !== verdicts) return;
  event.preventDefault();
  let row = event.target.parentElement[step];
  while (row?.hidden) row = row[step];
  row?.querySelector('summary').focus();
});

filter.addEventListener('input', applyFilter);
filter.addEventListener('submit', (event) => event.preventDefault());
byId('clear').addEventListener('click', () => {
  verdicts.replaceChildren();
  applyFilter();
});
document.addEventListener('keydown', (event) => {
  const isTyping = event.target.closest?.('input, textarea, select, dialog');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  location.hash = 'requests';
  // What is hidden cannot have the focus, and the event comes later.
  showSection();
  filter.elements.text.focus();
});

// --- Forms ------------------------------------------------------------------------------------------------------------

const nonEmptyLines = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line);

/** How a field with several values is read, and how its values are shown. */
const fieldForms = {
  list: [list, (values) => values.join(', ')],
  // An empty one is not the same as none.
  'optional-list': [(text) => (text ? list(text) : null), (values) => values.join(', ')],
  // A secret may have a comma.
  words: [(text) => text.split(/\s+/).filter((word) => word), (values) => values.join(' ')],
  lines: [nonEmptyLines, (values) => values.join('\n')],
  products: [
    (text) => nonEmptyLines(text).map((line) => {
      const [, code, data] = line.match(/^(\S+)\s*(.*)$/);
      if (!data) return { service_code: code };
      try {
        return { service_code: code, fulfillable_data: JSON.parse(data) };
      } catch {
        throw new FieldError('products', `${code} is followed by what is no JSON`);
      }
    }),
    (products) => products.map(({ service_code: code, fulfillable_data: data }) => (data ? `${code} ${JSON.stringify(data)}` : code)).join('\n'),
  ],
  organizations: [
    (text) => nonEmptyLines(text).map((line) => {
      const [, id, name] = line.match(/^(\S+)\s*(.*)$/);
      return { id, name: name || id.split('@')[0] };
    }),
    (organizations) => organizations.map(({ id, name }) => `${id} ${name}`).join('\n'),
  ],
  roles: [
    (text) => nonEmptyLines(text).map((line) => {
      const [, role, organization] = line.match(/^(.*?)(?:\s+in\s+(\S+))?$/);
      return { role, organization: organization ?? '' };
    }),
    (roles) => roles.map(({ role, organization }) => `${role} in ${organization}`).join('\n'),
  ],
};

/** A mistake in a field, found before anything is sent. */
class FieldError extends Error {
  constructor(member, words) {
    super(`${member}: ${words}`);
    this.member = member;
  }
}

/** What a form says, by the names of its fields; `null` where a field is empty. */
const entries = (form) => {
  const object = {};
  for (const input of form.elements) {
    // A fieldset is among the elements, too, and has no value.
    if (!input.name || input.type === 'file') continue;
    const text = input.value.trim();
    if (input.type === 'checkbox') object[input.name] = input.checked;
    else if (input.dataset.as) object[input.name] = fieldForms[input.dataset.as][0](text);
    else if (text === '') object[input.name] = null;
    else object[input.name] = input.type === 'number' ? Number(text) : text;
  }
  return object;
};

/** The members of an object that are not `null`. */
const given = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));

/** Shows in a dialog's form what is wrong, and goes to the field that it is about. */
const showError = (kind, { message, member }) => {
  const form = byId(`${kind}-form`);
  const place = `${kind}-error`;
  say(place, message);
  for (const input of form.elements) input.removeAttribute('aria-invalid');
  const input = member && form.elements[member.split(/[.[]/)[0]];
  if (!input) return;
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', place);
  const closed = input.closest('details');
  if (closed) closed.open = true;
  input.focus();
};

const onSubmit = (id, handle) => byId(id).addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await handle(entries(event.target), event.target);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    showError(id.replace('-form', ''), error);
  }
});

const onClick = (id, handle) => byId(id).addEventListener('click', handle);

/** Opens a dialog's form for something new, or with the values of what is there. */
const open = (kind, title, values = {}) => {
  const form = byId(`${kind}-form`);
  form.reset();
  for (const input of form.elements) {
    const value = values[input.name];
    input.readOnly = false;
    input.removeAttribute('aria-invalid');
    if (!input.name || input.type === 'file' || value === undefined || value === null) continue;
    if (input.type === 'checkbox') input.checked = value;
    else input.value = input.dataset.as ? fieldForms[input.dataset.as][1](value) : value;
  }
  for (const details of form.querySelectorAll('details')) details.open = false;
  say(`${kind}-dialog-title`, title);
  say(`${kind}-error`, '');
  byId(`${kind}-dialog`).showModal();
  return form;
};

/** Closes a dialog, and says in its section what was done. The button that had opened it is a new one now. */
const closeDialog = async (kind, said, button, ...ids) => {
  byId(`${kind}-dialog`).close();
  say(`${kind}s-said`, said);
  await renew(...ids);
  (document.querySelector(button) ?? byId(`new-${kind}`)).focus();
};

for (const button of document.querySelectorAll('[data-close]')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

// --- Integrations -----------------------------------------------------------------------------------------------------

const pem = (bytes) => {
  const text = new TextDecoder().decode(bytes);
  if (text.includes('-----BEGIN')) return text;
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
};

/** The id of what the open dialog changes; none for something new. */
let edited;

/** Where the page shows integrations. */
const PLACES_OF_INTEGRATIONS = ['integration-list', 'fault-clients', 'connect-clients'];

const openIntegration = async (clientId, isEdit) => {
  edited = isEdit ? clientId : undefined;
  const integrations = clientId ? await (await fetch('integrations')).json() : [];
  const { client_secrets: secrets, certificates: _, ...values } = integrations.find((one) => one.client_id === clientId) ?? {};
  if (!isEdit && clientId) values.client_id = `${clientId}-copy`;
  const form = open('integration', isEdit ? `Edit ${clientId}` : 'Add an integration', values);
  const fields = form.elements;
  fields.client_id.readOnly = isEdit;
  if (isEdit) fields.org_id.focus();
  fields.client_secrets.placeholder = isEdit && secrets ? `${secrets} now, kept if empty` : 'none: a public client';
  fields.service_code.placeholder = isEdit ? 'unchanged' : 'none';
  say('integration-hint', `Separate several by spaces or commas. ${isEdit
    ? 'Secrets and certificates stay unless you give others.'
    : 'Secrets and certificates are never copied.'}`);
};

onClick('new-integration', () => openIntegration());

onSubmit('integration-form', async (values, form) => {
  // What the server does not show stays if nothing else is entered.
  for (const name of ['client_id', 'org_id', 'technical_account_id']) values[name] ??= '';
  if (values.client_secrets.length === 0) delete values.client_secrets;
  if (values.service_code === null) delete values.service_code;
  const certificates = [];
  for (const file of form.elements.certificates.files) certificates.push(pem(new Uint8Array(await file.arrayBuffer())));
  if (certificates.length > 0) values.certificates = certificates;
  const error = edited
    ? await send('PATCH', `integrations/${edited}`, values)
    : await send('POST', 'integrations', given(values));
  if (error) {
    showError('integration', error);
    return;
  }
  const id = values.client_id;
  await closeDialog('integration', `Saved: ${id}.`, `[data-edit="${CSS.escape(id)}"]`, ...PLACES_OF_INTEGRATIONS);
  showLines();
});

// --- Users ------------------------------------------------------------------------------------------------------------

const openUser = async (id) => {
  const users = id ? await (await fetch('users')).json() : [];
  const user = users.find((one) => one.id === id) ?? {};
  const form = open('user', id ? `Edit ${user.first_name} ${user.last_name}` : 'Add a user', user);
  form.elements.id.readOnly = Boolean(id);
  if (id) form.elements.email.focus();
};

onClick('new-user', () => openUser());

onSubmit('user-form', async (values) => {
  const user = { ...given(values), id: values.id ?? '', email: values.email ?? '' };
  const error = await send('POST', 'users', user);
  if (error) showError('user', error);
  else await closeDialog('user', `Saved: ${user.email}.`, `[data-edit-user="${CSS.escape(user.id)}"]`, 'user-list');
});

// --- The buttons of lists ---------------------------------------------------------------------------------------------

document.addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const { edit, copy, remove, editUser, removeUser, removeFault, copyFrom, offset } = button.dataset;
  if (edit) openIntegration(edit, true);
  if (copy) openIntegration(copy, false);
  if (editUser) openUser(editUser);
  if (remove && confirm(`Delete the integration ${remove}?`)) {
    await change('integrations-said', `Deleted: ${remove}.`, ['DELETE', `integrations/${remove}`], ...PLACES_OF_INTEGRATIONS);
    showLines();
    byId('new-integration').focus();
  }
  if (removeUser && confirm(`Delete the user ${removeUser}?`)) {
    await change('users-said', `Deleted: ${removeUser}.`, ['DELETE', `users/${removeUser}`], 'user-list');
    byId('new-user').focus();
  }
  if (removeFault) {
    await change('faults-said', 'Removed.', ['DELETE', `faults/${removeFault}`], 'fault-list');
    byId('no-faults').focus();
  }
  if (offset) setClock(Number(offset));
  if (copyFrom) {
    const name = button.textContent;
    await navigator.clipboard.writeText(byId(copyFrom).textContent).then(() => { button.textContent = 'Copied'; }, () => {});
    setTimeout(() => { button.textContent = name; }, 1500);
  }
});

// --- Faults, clock, keys ----------------------------------------------------------------------------------------------

onSubmit('fault', (values) => {
  const fault = given(values);
  return change('faults-said', `Injected: ${fault.fault}.`, ['POST', 'faults', fault], 'fault-list');
});
/** Shows the fields of the fault that is chosen, and empties the others. */
const showFields = () => {
  const form = byId('fault');
  for (const label of form.querySelectorAll('[data-for]')) {
    label.hidden = !label.dataset.for.split(' ').includes(form.elements.fault.value);
    if (label.hidden) label.querySelector('input').value = '';
  }
};
byId('fault').elements.fault.addEventListener('input', showFields);
showFields();
onClick('no-faults', () => change('faults-said', 'No fault is in force.', ['DELETE', 'faults'], 'fault-list'));
onClick('rotate', () => change('clock-said', 'A new key signs from now on.', ['POST', 'keys', {}], 'key-list'));

let ahead = Number(byId('set-clock').elements.offset_seconds.value);
const setClock = async (seconds) => {
  if (!await change('clock-said', `The clock is ${seconds} s ahead.`, ['PUT', 'clock', { offset_seconds: seconds }])) return;
  ahead = seconds;
  byId('set-clock').elements.offset_seconds.value = seconds;
  tick();
};
onSubmit('set-clock', ({ offset_seconds: seconds }) => setClock(seconds));
const tick = () => say('now', `${new Date(Date.now() + ahead * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`);
tick();
setInterval(tick, 1000);

// --- Connect your client ----------------------------------------------------------------------------------------------

const base = location.origin;
byId('base').textContent = base;
const hasTls = document.body.dataset.tls === 'true';
const takeCa = `curl -o ca.pem ${base}/_emulator/ca.pem`;
const proxy = `export HTTPS_PROXY=${base} https_proxy=${base}`;

/** For each client: the lines where it takes a base URL, and those where it knows the hosts of IMS alone. */
const clients = {
  'The command ims': () => [`ims token -c FILE --ims-url ${base}\n\n# or for every command of this shell\nexport IMS_URL=${base}`],
  curl: (id) => [
    `curl ${base}/ims/token/v3 -d grant_type=client_credentials -d client_id=${id} \\\n  -d scope=openid,AdobeID --data-urlencode client_secret@secret.txt`,
    `${proxy} CURL_CA_BUNDLE=ca.pem\ncurl https://ims-na1.adobelogin.com/ims/keys`,
  ],
  Node: (id) => [
    `// @adobe/jwt-auth\nauth({ ...credentials, clientId: '${id}', ims: '${base}' })\n\n// openid-client, oauth4webapi\nnew URL('${base}/ims/.well-known/openid-configuration')`,
    `${proxy}\nexport NODE_USE_ENV_PROXY=1 NODE_EXTRA_CA_CERTS=ca.pem`,
  ],
  Python: () => [
    `# Authlib, requests-oauthlib\nsession.fetch_token("${base}/ims/token/v3", grant_type="client_credentials", scope="openid,AdobeID")`,
    `${proxy}\nexport REQUESTS_CA_BUNDLE=ca.pem SSL_CERT_FILE=ca.pem`,
  ],
  Java: () => [
    `-Daio_ims_url=${base}`,
    `keytool -importcert -noprompt -file ca.pem -alias ims-emulator -keystore truststore.p12 -storepass changeit\njava -Dhttps.proxyHost=${location.hostname} -Dhttps.proxyPort=${location.port} \\\n  -Djavax.net.ssl.trustStore=truststore.p12 -Djavax.net.ssl.trustStorePassword=changeit`,
  ],
  Go: (id) => [`ims.NewClient(&ims.ClientConfig{URL: "${base}"})   // ClientID: "${id}"`, `${proxy} SSL_CERT_FILE=ca.pem`],
  Rust: () => [`// in the file of the credentials\n"ims_url": "${base}"\n\n// then\nlet credentials = ims::Credentials::from_file("credentials.json")?;\nlet client = ims::Client::builder(&credentials).build()?;`, `${proxy} SSL_CERT_FILE=ca.pem`],
};
const language = byId('language').elements.language;
for (const name of Object.keys(clients)) language.add(new Option(name));

const showLines = () => {
  const id = byId('connect-clients').value || 'CLIENT_ID';
  const [direct, hosts] = clients[language.value](id);
  say('direct-lines', direct);
  byId('proxy').hidden = !hosts;
  say('proxy-lines', `${hasTls ? '' : '# start the emulator with --ca-dir DIR first\n'}${takeCa}\n${hosts}`);
};
byId('language').addEventListener('input', showLines);
showLines();

// --- Decode a token ---------------------------------------------------------------------------------------------------

/** How many texts were entered: the result of an older one, which may come later, is not shown. */
let entered = 0;

byId('jwt').addEventListener('input', async (event) => {
  entered += 1;
  const own = entered;
  const results = byId('jwt-checks');
  const decoded = byId('jwt-decoded');
  const text = event.target.value;
  const { header, claims, checks } = text.trim()
    ? await decoder.decode(text).catch(() => ({ checks: [[false, 'the emulator does not answer']] }))
    : { checks: [] };
  if (own !== entered) return;
  const rows = checks.map(([passed, words]) => {
    const row = document.createElement('li');
    const verdict = document.createElement('span');
    row.className = passed ? 'passed' : 'failed';
    verdict.className = 'hidden';
    verdict.textContent = passed ? 'passed: ' : 'failed: ';
    row.append(verdict, words);
    return row;
  });
  results.replaceChildren(...rows);
  decoded.hidden = !claims;
  decoded.textContent = claims ? `${JSON.stringify(header, null, 2)}\n${JSON.stringify(claims, null, 2)}` : '';
});
