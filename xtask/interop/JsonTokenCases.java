// jsontoken: an assertion signed as Adobe's documents sign it, exchanged, and the access token verified with the same library.

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.math.BigInteger;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import net.oauth.jsontoken.JsonToken;
import net.oauth.jsontoken.crypto.RsaSHA256Signer;
import net.oauth.jsontoken.crypto.RsaSHA256Verifier;
import org.joda.time.Duration;
import org.joda.time.Instant;

class JsonTokenCases {
    static final String IMS = System.getenv("IMS_URL");
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static boolean allRight = true;

    interface Call {
        void run() throws Exception;
    }

    static String sent(HttpRequest request) throws Exception {
        var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new Exception(answer.body());
        }
        return answer.body();
    }

    static RSAPrivateKey key(String file) throws Exception {
        var base64 = Files.readString(Path.of(file)).replaceAll("-----.*-----|\\s", "");
        var der = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64));
        return (RSAPrivateKey) KeyFactory.getInstance("RSA").generatePrivate(der);
    }

    static String exchanged(String organization, int seconds, String keyFile) throws Exception {
        var token = new JsonToken(new RsaSHA256Signer(organization, null, key(keyFile)));
        token.setAudience("https://ims-na1.adobelogin.com/c/test-client");
        token.setParam("sub", "TEST@techacct.adobe.com");
        token.setExpiration(Instant.now().plus(Duration.standardSeconds(seconds)));
        token.getPayloadAsJsonObject().addProperty("https://ims-na1.adobelogin.com/s/ent_dataservices_sdk", true);
        var jwt = URLEncoder.encode(token.serializeAndSign(), StandardCharsets.UTF_8);
        var form = "client_id=test-client&client_secret=test-secret&jwt_token=" + jwt;
        var request = HttpRequest.newBuilder(URI.create(IMS + "/ims/exchange/jwt"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form));
        return JsonParser.parseString(sent(request.build())).getAsJsonObject().get("access_token").getAsString();
    }

    static void verified(String token) throws Exception {
        var parts = token.split("\\.");
        var header = JsonParser.parseString(new String(Base64.getUrlDecoder().decode(parts[0]))).getAsJsonObject();
        var keys = JsonParser.parseString(sent(HttpRequest.newBuilder(URI.create(IMS + "/ims/keys")).build()));
        for (var entry : keys.getAsJsonObject().getAsJsonArray("keys")) {
            JsonObject jwk = entry.getAsJsonObject();
            if (!jwk.get("kid").equals(header.get("kid"))) {
                continue;
            }
            var modulus = new BigInteger(1, Base64.getUrlDecoder().decode(jwk.get("n").getAsString()));
            var exponent = new BigInteger(1, Base64.getUrlDecoder().decode(jwk.get("e").getAsString()));
            var key = KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
            var input = (parts[0] + "." + parts[1]).getBytes(StandardCharsets.UTF_8);
            new RsaSHA256Verifier(key).verifySignature(input, Base64.getUrlDecoder().decode(parts[2]));
            return;
        }
        throw new Exception("the key of the access token is not published");
    }

    static void compare(String name, String refusal, Call call) {
        String said = null;
        try {
            call.run();
        } catch (Exception error) {
            said = String.valueOf(error.getMessage());
        }
        boolean isRight = refusal == null ? said == null : said != null && said.contains(refusal);
        allRight &= isRight;
        System.out.println((isRight ? "ok" : "WRONG") + ": " + name + ": " + (said == null ? "succeeded" : said));
    }

    public static void main(String[] arguments) {
        compare("exchange, and the signature of the access token", null,
            () -> verified(exchanged("TEST@AdobeOrg", 300, "private.key")));
        compare("wrong key", "invalid_signature", () -> exchanged("TEST@AdobeOrg", 300, "other.key"));
        compare("ended", "JWT token has expired", () -> exchanged("TEST@AdobeOrg", -60, "private.key"));
        compare("unknown organization", "invalid_signature", () -> exchanged("OTHER@AdobeOrg", 300, "private.key"));
        System.exit(allRight ? 0 : 1);
    }
}
