package dev.mailbell.mail.auth;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Refresh tokens that were replaced while no account had them: a login was tried before its account
 * is registered. A server that takes each token once would refuse the one that is given then. Each
 * client has its own. Thread-safe.
 */
final class SpentTokens {
    private static final Duration REMEMBERED = Duration.ofHours(1);
    private static final int MOST = 1_000;

    private final InstantSource clock;
    private final Map<Used, Next> replacements =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Used, Next> eldest) {
                    return size() > MOST;
                }
            };

    private record Used(UUID client, OAuthGrant grant) {
        static Used now(OAuthGrant grant) {
            return new Used(ActingClient.current(), grant);
        }
    }

    private record Next(String token, Instant at) {}

    SpentTokens(InstantSource clock) {
        this.clock = clock;
    }

    /** A token was used up, and no account has it. */
    synchronized void replaced(OAuthGrant used, String replacement) {
        replacements.put(Used.now(used), new Next(replacement, clock.instant()));
    }

    /**
     * The token that is valid in place of that of a grant, which may have been replaced several
     * times; empty if it is not known to be used up.
     */
    synchronized Optional<String> replacement(OAuthGrant grant) {
        replacements.values().removeIf(next -> isOld(next.at()));
        LinkedHashSet<String> passed = new LinkedHashSet<>();
        Next next = replacements.get(Used.now(grant));
        while (next != null && passed.add(next.token())) {
            next = replacements.get(Used.now(grant.withRefreshToken(next.token())));
        }
        return passed.isEmpty() ? Optional.empty() : Optional.of(passed.getLast());
    }

    private boolean isOld(Instant at) {
        return Duration.between(at, clock.instant()).compareTo(REMEMBERED) > 0;
    }
}
