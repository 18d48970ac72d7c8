package dev.mailbell.mail.auth;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tokens in a token endpoint's answer (RFC 6749, §5.1).
 *
 * @param lifetime positive, at most a day
 * @param replacement the refresh token to use from now on; null if the old one stays valid
 */
record IssuedTokens(String accessToken, Duration lifetime, @Nullable String replacement) {

    Optional<String> replacementFor(String usedRefreshToken) {
        return Optional.ofNullable(replacement).filter(token -> !token.equals(usedRefreshToken));
    }

    @Override
    public String toString() {
        return "IssuedTokens[redacted, for " + lifetime + "]";
    }
}
