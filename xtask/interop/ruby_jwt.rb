# ruby-jwt: an assertion signed as Adobe's documents sign it, exchanged, and the access token verified with the same library.

require "json"
require "jwt"
require "net/http"

URL = ENV.fetch("IMS_URL")
RIGHT_KEY = OpenSSL::PKey::RSA.new(File.read("private.key"))
WRONG_KEY = OpenSSL::PKey::RSA.new(File.read("other.key"))

def exchanged(key: RIGHT_KEY, algorithm: "RS256", **changed)
  claims = {
    exp: Time.now.to_i + 300,
    iss: "TEST@AdobeOrg",
    sub: "TEST@techacct.adobe.com",
    aud: "https://ims-na1.adobelogin.com/c/test-client",
    "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk" => true,
  }.merge(changed)
  form = { client_id: "test-client", client_secret: "test-secret", jwt_token: JWT.encode(claims, key, algorithm) }
  answer = Net::HTTP.post_form(URI("#{URL}/ims/exchange/jwt"), form)
  raise answer.body unless answer.is_a?(Net::HTTPOK)

  JSON.parse(answer.body).fetch("access_token")
end

def verified(token)
  keys = JSON.parse(Net::HTTP.get(URI("#{URL}/ims/keys")))
  claims, = JWT.decode(token, nil, true, algorithms: ["RS256"], jwks: keys)
  raise "another client" unless claims["client_id"] == "test-client"
end

cases = [
  ["exchange, and the signature of the access token", nil, -> { verified(exchanged) }],
  ["wrong key", "invalid_signature", -> { exchanged(key: WRONG_KEY) }],
  ["RS512", "invalid_signature", -> { exchanged(algorithm: "RS512") }],
  ["ended", "JWT token has expired", -> { exchanged(exp: Time.now.to_i - 60) }],
  ["unknown organization", "invalid_signature", -> { exchanged(iss: "OTHER@AdobeOrg") }],
]

all_right = cases.map do |name, refusal, call|
  said = begin
    call.call
    nil
  rescue StandardError => e
    e.message
  end
  right = refusal.nil? ? said.nil? : said.to_s.include?(refusal)
  puts "#{right ? "ok" : "WRONG"}: #{name}: #{said || "succeeded"}"
  right
end
exit all_right.all?
