package dev.mailbell.mail.auth.grant;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An application as a token endpoint knows it, with its proof of identity: a secret (RFC 6749,
 * §2.3.1), a key (RFC 7523, §2.2), or none.
 *
 * @param secret null for none
 * @param key null for none
 */
public record OAuthClient(String id, @Nullable String secret, @Nullable SigningKey key) {

    /** The secret, also as HTTP Basic encodes it. */
    List<String> secrets() {
        return secret == null
                ? List.of()
                : List.of(
                        secret,
                        Base64.getEncoder()
                                .encodeToString(
                                        (id + ":" + secret).getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public String toString() {
        return "OAuthClient[redacted]";
    }
}
