// What the scripts for Node share: whose integration it is, and how outcomes are compared.
const { readFileSync } = require('node:fs');

exports.integration = {
  clientId: 'test-client',
  clientSecret: 'test-secret',
  orgId: 'TEST@AdobeOrg',
  technicalAccountId: 'TEST@techacct.adobe.com',
};
exports.rightKey = readFileSync('private.key', 'utf8');
exports.wrongKey = readFileSync('other.key', 'utf8');

// Leads the fetch that is built into Node through HTTPS_PROXY, which Node does by itself only from version 24 on.
exports.leadFetch = () => {
  const { ProxyAgent, setGlobalDispatcher } = require('undici');
  setGlobalDispatcher(new ProxyAgent(process.env.HTTPS_PROXY));
};

// Each case is a name, what its error has to contain, or null if it must succeed, and the call.
exports.compare = async (cases) => {
  for (const [name, refusal, call] of cases) {
    const said = await call().then(() => null, (error) => [error.code, error.message].filter(Boolean).join(' '));
    const isRight = refusal === null ? said === null : said !== null && said.includes(refusal);
    console.log(`${isRight ? 'ok' : 'WRONG'}: ${name}: ${said ?? 'succeeded'}`);
    if (!isRight) process.exitCode = 1;
  }
};

// Fails a case that answered without an error, but wrongly.
exports.demand = (isSo, what) => {
  if (!isSo) throw new Error(what);
};

// Whether a lifetime in seconds is that of the emulator's tokens, a moment less than 24 hours.
exports.lasts = (seconds) => seconds > 86_390 && seconds <= 86_400;
